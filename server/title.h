/*
 * title.h - what ps shows: "tinyhttpd: worker process".
 *
 * The text overwrites the command line and, when that is too short, the environment
 * behind it, which title_init() moves elsewhere first. Where there is no room nothing is
 * shown that is wrong: the text is cut.
 */
#ifndef SERVER_TITLE_H
#define SERVER_TITLE_H

/* First thing in main, before anything keeps a pointer into argv or the environment.
 * Returns the arguments, copied: argv itself must not be used afterwards. */
char **title_init(int argc, char **argv);

/* Sets the title to "tinyhttpd: " and the text. Does nothing before title_init(). */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line as it was, its words separated by spaces. */
const char *title_command_line(void);

#endif
