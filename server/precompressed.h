/*
 * precompressed.h - a file's siblings "name.br", "name.zst" and "name.gz", for
 * brotli_static, zstd_static and gzip_static.
 */
#ifndef SERVER_PRECOMPRESSED_H
#define SERVER_PRECOMPRESSED_H

#include "server/filepath.h"
#include "server/http_accept.h"

struct precompressed_choice {
    struct file *file;       /* a reference, the original's or a sibling's */
    enum http_coding coding; /* HTTP_CODING_IDENTITY: the original */
    bool varies;             /* the choice hung on Accept-Encoding */
};

/*
 * The best representation that the client takes: by its q-values, at equal ones br, zstd,
 * gzip; with `always` a coding that the client did not ask for comes after those that it
 * did. A sibling counts when it is a regular file and not older than the original. Takes
 * over the reference to the original.
 */
struct precompressed_choice precompressed_choose(struct request *request,
                                                 struct filepath path,
                                                 struct file *original);

#endif
