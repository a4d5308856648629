/*
 * program.h - how this program was started, to start it again after the file at its path
 * was replaced.
 */
#ifndef SERVER_PROGRAM_H
#define SERVER_PROGRAM_H

struct program {
    const char *path;      /* absolute, of argv[0]; links in it are followed anew */
    const char *directory; /* where it was started: relative arguments refer to it */
    char **words;          /* argv */
};

/* Once, in main, before the working directory changes. `words` must outlive it. */
void program_init(char **words);

const struct program *program_get(void);

#endif
