/*
 * content_range.h - parts of a file: 206 with one range or multipart/byteranges, and 416
 * (RFC 9110, 14.4, 14.6, 15.3.7, 15.5.17).
 */
#ifndef SERVER_CONTENT_RANGE_H
#define SERVER_CONTENT_RANGE_H

#include "server/filecache.h"
#include "server/http_range.h"
#include "server/request.h"

#define BOUNDARY_LEN 32 /* hexadecimal digits */

struct content_ranges {
    struct http_range items[HTTP_RANGE_MAX];
    size_t count;
    char boundary[BOUNDARY_LEN + 1]; /* between several; cannot be guessed */
};

/* What the request's Range asks of a file of `size` bytes, within max_ranges. IGNORE also
 * when there is no randomness for a boundary. */
enum http_range_result content_range_read(const struct request *request, uint64_t size,
                                          struct content_ranges *ranges);

/* 416 with the size that the client did not know, which an error page of another status
 * does not tell. */
void content_range_refuse(struct request *request, uint64_t size);

/* 206. The response has its Content-Type and charset already, as of the whole file, which
 * the request holds. */
void content_range_send(struct request *request, const struct file *file,
                        const struct content_ranges *ranges);

#endif
