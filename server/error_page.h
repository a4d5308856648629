/*
 * error_page.h - the built-in pages for errors and redirects: plain, good-looking HTML,
 * light and dark, no script.
 */
#ifndef SERVER_ERROR_PAGE_H
#define SERVER_ERROR_PAGE_H

#include "server/request.h"

/* The page for a status, in the request's arena. `server` is what the footer names. */
struct slice error_page_html(struct request *request, unsigned status);

/* The style sheet that error pages and listings share. */
extern const char error_page_style[];

#endif
