/*
 * sources.h - the files of a configuration, read one inside the other: a part of the
 * parser. It is here that a file is found to include itself, or too deep, or too many.
 */
#ifndef CONFIG_SOURCES_H
#define CONFIG_SOURCES_H

#include "config/parser.h"
#include <sys/types.h>

/* A file being read. */
struct open_file {
    const struct open_file *parent;
    const char *path;
    dev_t device;
    ino_t inode; /* 0: not known */
    unsigned depth;
};

/* Reads a file whole into the arena and makes it the innermost of parser->open, in
 * *file, which must live until sources_close(). NULL when it may not or cannot be read,
 * which is reported at `from`. */
const struct source *sources_open(struct parser *parser, struct open_file *file,
                                  const char *path, struct position from);
void sources_close(struct parser *parser, const struct open_file *file);

#endif
