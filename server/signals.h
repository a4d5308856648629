/*
 * signals.h - signals become flags, and flags are acted on in the loop.
 *
 * Every handled signal is blocked from the first line of main. The master lets them in
 * only while it waits (ppoll with signals_wait_mask()); a worker lets them in for good
 * once it is set up, and its handler also writes a byte to a pipe that its loop watches.
 * Handlers do nothing else.
 */
#ifndef SERVER_SIGNALS_H
#define SERVER_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

enum signal_flag {
    SIGNAL_CHILD,
    SIGNAL_TERM,
    SIGNAL_STOP, /* INT */
    SIGNAL_QUIT,
    SIGNAL_UPGRADE, /* USR2 */
    SIGNAL_RELOAD,  /* HUP */
    SIGNAL_REOPEN,  /* USR1 */
    SIGNAL_DRAIN,   /* WINCH */
    SIGNAL_FLAG_COUNT,
};

/* Blocks what will be handled, and ignores what must never kill: SIGPIPE, and SIGXFSZ of
 * a log that hits the limit of file sizes. */
void signals_block(void);

/* The master's handlers. Signals stay blocked. */
void signals_install_master(void);

/* The mask to wait with: what signals_block() found. */
const sigset_t *signals_wait_mask(void);

/*
 * A child just forked: flags that were the parent's are dropped. A worker obeys TERM,
 * INT, QUIT and USR1 and ignores the rest; a logger ignores all and obeys its channel.
 * wake_fd gets a byte a signal (-1: none).
 */
void signals_install_worker(int wake_fd);
void signals_install_logger(void);

/* A child that is no server of ours, such as the one that checks a configuration: every
 * signal as it is by default, and none blocked. */
void signals_reset(void);

/* Lets the handled signals in from now on. */
void signals_unblock(void);

/* True once a signal; taking it clears the flag. */
bool signals_take(enum signal_flag flag);

/* "SIGSEGV" for messages; "signal 34" for those without a name. Static text. */
const char *signals_name(int number);

#endif
