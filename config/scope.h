/*
 * scope.h - a configuration while it is being built: the blocks and what was set in them.
 *
 * Only for the files of config/ that turn statements into settings. A scope is one block
 * (the main one has no statement); scopes form a tree, in the file's order. Each points
 * at the structs that its directives fill, and has a bit for every row of the table that
 * was given in it: inheritance and "is duplicate" are questions to these bits.
 */
#ifndef CONFIG_SCOPE_H
#define CONFIG_SCOPE_H

#include "config/build.h"
#include "config/directives.h"

#define SCOPE_ROWS_MAX 128 /* rows of the table that a scope has bits for */

#define BACKLOG_DEFAULT 1024 /* connections that wait for accept() */

struct scope {
    enum context context;
    const struct statement *statement; /* that opened it; NULL: main, or http left out */
    struct scope *parent;
    struct scope *first_child;
    struct scope *last_child;
    struct scope *next;
    uint64_t set_rows[SCOPE_ROWS_MAX / 64];
    struct server_settings *server_set;     /* main, http and server level, else NULL */
    struct location_settings *location_set; /* location->set until inherit_share() */
    struct location *location;              /* NULL where location_set is */
    struct server_draft *draft;             /* server level and below */
    struct media_types *types;              /* what `types` filled here, to be added to */
    bool is_detached; /* its location was refused: checked, but left out */
};

/* One `listen` line. */
struct listen_line {
    struct listen_socket socket; /* the address and the options given */
    bool has_options;
    bool is_default;
    struct position at;
};

/* A server and what is only needed until all servers are known. */
struct server_draft {
    struct server *server;
    struct scope *scope;
    struct array listens;   /* struct listen_line */
    struct array names;     /* struct word, lower case */
    struct array locations; /* struct location * */
    struct server_draft *next;
};

struct build {
    struct config *config;
    struct arena *arena;   /* the configuration's */
    struct arena *scratch; /* gone when the build is done */
    struct diagnostics *diag;
    const struct config_source *source;
    struct scope *root;
    struct scope *http;
    struct scope *scope; /* being read */
    struct server_draft *drafts;
    struct server_draft *last_draft;
    struct array log_files;   /* struct log_file */
    struct hash file_numbers; /* path to uint32_t, of log_files */
    struct hash formats;      /* struct log_format by name */
    struct hash noted;        /* what was said once and need not be said again */
    size_t errors_before;     /* in the diagnostics, when the build began */
};

/* A scope at the end of its parent's children (parent NULL: the root). */
struct scope *scope_create(struct build *build, enum context context,
                           struct scope *parent);

/* Its location, which gets settings of its own until they are shared. */
void scope_enter_location(struct build *build, struct scope *scope,
                          struct location *location);

/* Where the row's value lives for this scope; NULL for STORE_NONE. */
void *scope_target(const struct build *build, const struct scope *scope,
                   const struct directive *row);

/* Rows that share their storage (root and alias) count as one. */
bool scope_has(const struct scope *scope, const struct directive *row);
void scope_mark(struct scope *scope, const struct directive *row);

/* Applies the statements of a block to a scope (apply.c), all errors in one pass. */
void scope_apply(struct build *build, struct scope *scope, const struct statement *first);

/* True the first time that it is asked for this key. */
bool build_first_time(struct build *build, const char *key);

/* Reports `invalid value "<word>" for "<row>": <problem>` at the word, with the row's
 * syntax as help. Returns false. */
bool build_refuse(struct build *build, const struct directive *row,
                  const struct word *word, const char *problem);

/* Bytes that may not stand in a header field or a media type: controls but the tab. */
bool build_has_control(struct slice text);

/* A path as the server is to open it: relative ones start at the prefix. */
const char *build_path(struct build *build, struct slice path);

/* "file:line", for messages, and labels until they are gathered: in scratch memory. */
char *build_label(struct build *build, struct position at);

/* A location that has no settings yet. What a request reads of it is one line of the
 * processor's cache. */
struct location *build_location(struct build *build, struct position at,
                                const struct server *server);

/* Puts its label and its own root, which a request reads too, into one line where they
 * fit. Once, when its block has been applied; the root stays NUL-terminated. */
void build_gather_texts(struct build *build, struct location *location);

/* A copy of an immutable list with room for one element more at its end (zeroed). */
void *build_extend(struct build *build, const void *items, size_t count, size_t size);

#endif
