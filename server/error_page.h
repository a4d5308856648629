/*
 * error_page.h - the built-in pages for errors and redirects: plain, good-looking HTML,
 * light and dark, no script.
 */
#ifndef SERVER_ERROR_PAGE_H
#define SERVER_ERROR_PAGE_H

#include "server/request.h"

/*
 * The page for a status: the service's, which stays until error_page_forget(), or when it
 * links to response.location the request's.
 */
struct service_page *error_page_get(struct request *request, unsigned status);
void error_page_forget(struct service *service);

/* The style sheet that error pages and listings share. */
extern const char error_page_style[];

#endif
