/*
 * setters.h - what reads the arguments of a directive into its place.
 *
 * setter_of() gives the reader of a row: one of those by type (set_value.c), or for the
 * odd ones the setter named in the row. All keep the contract of directive_setter
 * (directives.h): they report what is wrong, at the word that is, and return false.
 */
#ifndef CONFIG_SETTERS_H
#define CONFIG_SETTERS_H

#include "config/directives.h"

/* NULL only for `include`, which the parser has dealt with. */
directive_setter *setter_of(const struct directive *row);

/* set_main.c: processes */
directive_setter set_user;
directive_setter set_worker_processes;
directive_setter set_worker_priority;
directive_setter set_request_quarantine;

/* set_block.c: the blocks that open a scope */
directive_setter set_events;
directive_setter set_http;
directive_setter set_server;
directive_setter set_location; /* set_location.c */

/* set_server.c: how a server is reached and what it takes, and set_listen.c */
directive_setter set_server_name;
directive_setter set_header_buffers;
directive_setter set_keepalive_timeout;
directive_setter set_listen;

/* set_files.c: which file */
directive_setter set_root;
directive_setter set_alias;
directive_setter set_index;
directive_setter set_try_files;
directive_setter set_internal;
directive_setter set_open_file_cache;

/* set_answers.c: what is answered */
directive_setter set_error_page;
directive_setter set_return;
directive_setter set_types;
directive_setter set_charset;
directive_setter set_add_header;
directive_setter set_expires;

/* set_logs.c: where lines go and how they look */
directive_setter set_error_log;
directive_setter set_access_log;
directive_setter set_log_format; /* log_formats.c */

#endif
