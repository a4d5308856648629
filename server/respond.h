/*
 * respond.h - the ways in which a handler answers. Each fills request->response.
 */
#ifndef SERVER_RESPOND_H
#define SERVER_RESPOND_H

#include "server/request.h"

/* An answer with a built-in error page or an error_page of the location (which may lead
 * to an internal redirect). The last thing that a handler does: content so far is dropped
 * and files are released; fields (Allow, Content-Range, WWW-Authenticate) stay. */
void respond_error(struct request *request, unsigned status);

/* A redirect to a path of this server, as absolute_redirect asks; `path` is escaped
 * already, the query is the caller's. */
void respond_redirect(struct request *request, unsigned status, struct slice path);

/* A redirect to a reference as it stands: a URL, or a path that was written by hand. What
 * no URI may contain (white space, controls, bytes past US-ASCII) is escaped. */
void respond_location(struct request *request, unsigned status, struct slice reference);

/* A whole body from memory that lives as long as the request. */
void respond_memory(struct request *request, unsigned status, struct slice content_type,
                    struct slice content);

/* Judges the request's conditions on a successful answer that has no validators
 * (RFC 9110, 13.2.1), and puts a 304 or a 412 in its place where they fail. */
void respond_judged(struct request *request);

/* Adds a field line; name and value must live as long as the request. */
void respond_field(struct request *request, struct slice name, struct slice value);

/* Appends content: bytes of the request's lifetime, or a stretch of a file that the
 * request holds (request_hold_file). content_length is the sum. */
void respond_add_memory(struct request *request, struct slice bytes);
void respond_add_file(struct request *request, const struct file *file, uint64_t offset,
                      uint64_t length);

/* What the server calls itself here, as server_tokens asks: for Server and footers. */
struct slice respond_product(const struct request *request);

/* Takes over a reference to a file until request_end, or until the answer that it is held
 * for is dropped by respond_error or by an internal redirect. */
void request_hold_file(struct request *request, struct file *file);
void request_release_files(struct request *request);

/*
 * Internal redirects, each counted against a limit of 10 (then 500). To a path, as given
 * by index, try_files and error_page: a server's locations are searched again and all
 * phases run. To a named location: the path stays.
 */
void request_redirect(struct request *request, struct slice path, struct slice args);
void request_redirect_named(struct request *request, const struct location *named);

#endif
