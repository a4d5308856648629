/*
 * base64.h - base64 text to bytes (RFC 4648, 4). Pure.
 */
#ifndef SERVER_BASE64_H
#define SERVER_BASE64_H

#include "common/slice.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes the whole text to `out`, which has room for text.len bytes. Padding may be
 * missing; anything else that is not the alphabet, a lone last character, and bits that
 * would be lost make it false.
 */
bool base64_decode(struct slice text, char *out, size_t *len);

#endif
