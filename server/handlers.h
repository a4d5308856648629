/*
 * handlers.h - what may answer a request once its location is known.
 *
 * Each returns true when it has dealt with the request (answered, or redirected
 * internally), false to let the next have it. request_phases.c calls them in order:
 * return, try_files, method check, then the content: index, listing, file. The content
 * handlers see GET and HEAD only.
 */
#ifndef SERVER_HANDLERS_H
#define SERVER_HANDLERS_H

#include "server/request.h"

/* handler_return.c: the return directive. The server's answers whatever the location. */
bool handler_return_of_server(struct request *request);
bool handler_return(struct request *request);

/* handler_try.c: try_files. The first test that hits sets the path to serve and goes on.
 */
bool handler_try_files(struct request *request);

/* handler_index.c: a path that ends in '/': index files, by internal redirect. */
bool handler_index(struct request *request);

/* handler_listing.c: a path that ends in '/', autoindex on: html, json or xml. */
bool handler_listing(struct request *request);

/* handler_file.c: a file, its ranges, conditions and precompressed siblings; a directory
 * without its slash (301); else 403 or 404. Always answers. */
bool handler_file(struct request *request);

#endif
