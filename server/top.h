/*
 * top.h - the status of a server, live in a terminal.
 *
 * The master of the pid file draws the view for the window's width (control.h: top) and
 * is asked once a second. One that does not answer is asked again until it does, or
 * another has taken its place. q or Ctrl-C ends it; so do SIGTERM, SIGINT, SIGHUP and
 * SIGQUIT. The terminal is as before then.
 */
#ifndef SERVER_TOP_H
#define SERVER_TOP_H

/* Returns the exit status. Standard output is a terminal. */
int top_run(const char *pid_path);

#endif
