/*
 * daemonize.h - into the background, with the foreground waiting for the verdict.
 */
#ifndef SERVER_DAEMONIZE_H
#define SERVER_DAEMONIZE_H

/*
 * Returns in the daemon only: a session of its own, no terminal, working directory "/",
 * standard input and output on /dev/null; standard error is left as it is until the start
 * is over. The process that called waits for daemonize_report() and exits with its code;
 * with 1 when the daemon dies without a word. Returns the descriptor to report on, or -1
 * with errno, still in the foreground.
 */
int daemonize(void);

/* The part of it that a daemon does again when it was started by another: working
 * directory, file mode mask, standard input and output. */
void daemonize_surroundings(void);

/* Sends the foreground its exit code, once: closes *fd and makes it -1. */
void daemonize_report(int *fd, int code);

#endif
