/*
 * settings.h - the configuration, built: every value that the server obeys.
 *
 * Made whole by config_load() (build.h) in one arena, immutable afterwards, replaced
 * whole by a reload. Times are milliseconds, sizes bytes. Which directive fills a member
 * is said by the table in directives.c and nowhere else.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "common/array.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/sockaddr.h"
#include "config/names.h"
#include "config/prefixes.h"
#include "config/template.h"
#include <sys/types.h>

#define WORKERS_MAX 128

/* A file that the server writes lines to. Its index in config->log_files is what
 * struct log_target and struct access_log call `file`. */
struct log_file {
    const char *path; /* absolute; "stderr" for standard error, "/dev/stdout" as such */
    const char *directive; /* that named it first: "access_log" or "error_log" */
    struct position at;    /* of the path; no source: it is a default */
    uint32_t number; /* given by server/logfiles.c; the same path keeps it over reloads */
};

/* log_format: a template and how its variables are escaped. */
enum log_escape {
    LOG_ESCAPE_DEFAULT,
    LOG_ESCAPE_JSON,
    LOG_ESCAPE_NONE,
};

struct log_format {
    struct slice name;
    enum log_escape escape;
    struct template text;
    bool is_built_in; /* combined, json */
};

struct access_log {
    uint32_t file; /* index in config->log_files */
    const struct log_format *format;
    struct template condition; /* if=: logged when not empty and not "0"; no parts: always
                                */
};

struct access_logs {
    const struct access_log *items; /* none: access_log off */
    size_t count;
};

enum stop_manner {
    STOP_FAST,
    STOP_GRACEFULLY,
};

#define QUARANTINE_DEATHS_MAX 16

/* When a request that kills workers is refused, and for how long. */
struct quarantine_settings {
    uint32_t deaths; /* that it takes; 0: off */
    int64_t window;  /* within which they count */
    int64_t time;    /* how long it is refused */
};

struct main_settings {
    const char *user;              /* NULL: nobody */
    const char *group;             /* NULL: the user's own */
    struct position user_at;       /* of both; no source: the default */
    uint32_t worker_processes;     /* 0: auto */
    uint64_t worker_rlimit_nofile; /* 0: as inherited */
    int64_t worker_shutdown_timeout;
    int64_t worker_hang_timeout;  /* 0: off */
    uint32_t worker_max_requests; /* 0: no limit */
    uint64_t worker_max_rss;      /* bytes; 0: no limit */
    struct quarantine_settings request_quarantine;
    enum stop_manner sigterm;
    int32_t worker_priority;
    uint32_t worker_connections;
    const char *pid; /* absolute path */
    bool daemon;
    bool master_process;
};

struct size_pair {
    uint64_t count;
    uint64_t size;
};

/* http and server level. Before Host is known those of the default server apply. */
struct server_settings {
    int64_t client_header_timeout;
    uint64_t client_header_buffer_size;
    struct size_pair large_client_header_buffers;
    uint32_t max_headers;
    bool merge_slashes;
};

struct index_list {
    const struct template *items;
    size_t count;
};

enum try_last {
    TRY_LAST_URI,    /* internal redirect to `last` */
    TRY_LAST_STATUS, /* =404 */
    TRY_LAST_NAMED,  /* @name */
};

struct try_file {
    struct template path; /* without its trailing slash */
    bool is_dir;          /* written with a trailing slash */
};

struct try_files {
    const struct try_file *items; /* all but the last argument */
    size_t count;
    enum try_last last_kind;
    struct template last;
    unsigned status;
    const struct location *named; /* resolved by the build */
    struct position last_at;
};

enum error_override {
    ERROR_KEEP,   /* no '=': the original status */
    ERROR_TARGET, /* '=': whatever the target answers */
    ERROR_SET,    /* '=N' */
};

struct error_page {
    const uint16_t *codes;
    size_t code_count;
    enum error_override override;
    unsigned status;              /* for ERROR_SET */
    struct template target;       /* a path, or a URL (then redirected to) */
    const struct location *named; /* target is @name; NULL: this server has none such */
    bool is_url;
    struct position at;
};

struct error_pages {
    const struct error_page *items;
    size_t count;
};

/* return CODE [TEXT|URL]. */
struct return_rule {
    unsigned status;
    bool has_text;
    struct template text; /* body, or the Location for 301 302 303 307 308 */
};

struct added_header {
    struct slice name;
    struct template value;
    bool always;
};

struct added_headers {
    const struct added_header *items;
    size_t count;
};

enum expires_kind {
    EXPIRES_OFF,
    EXPIRES_EPOCH,
    EXPIRES_MAX,
    EXPIRES_ACCESS,   /* now + milliseconds (may be negative) */
    EXPIRES_MODIFIED, /* mtime + milliseconds */
    EXPIRES_DAILY,    /* next local time of day, milliseconds since midnight */
};

struct expires {
    enum expires_kind kind;
    int64_t milliseconds;
};

/* types { }: extension (lower case, no dot) to media type (a NUL-terminated char *). */
struct media_types {
    struct hash by_extension;
};

enum lingering {
    LINGERING_OFF,
    LINGERING_ON, /* when the client is known to be still sending */
    LINGERING_ALWAYS,
};

enum autoindex_format {
    AUTOINDEX_HTML,
    AUTOINDEX_JSON,
    AUTOINDEX_XML,
};

enum precompressed {
    PRECOMPRESSED_OFF,
    PRECOMPRESSED_ON,
    PRECOMPRESSED_ALWAYS,
};

struct file_cache_settings {
    uint32_t max; /* entries; 0: off */
    int64_t inactive;
};

struct keepalive_timeout {
    int64_t idle;   /* 0: keep-alive off */
    int64_t header; /* value of the Keep-Alive field; 0: not sent */
};

enum server_tokens {
    TOKENS_OFF, /* "tinyhttpd" */
    TOKENS_ON,  /* "tinyhttpd/0.1.0" */
};

enum if_modified_since {
    IMS_OFF,
    IMS_EXACT,
    IMS_BEFORE,
};

/* http, server and location level. What every request for a file asks stands together at
 * the front. Locations that inherit all of it, or say the same in the same bytes,
 * share one of these. */
struct location_settings {
    bool internal;
    bool tcp_nodelay;
    bool sendfile;
    bool etag;
    bool open_file_cache_errors;
    uint32_t open_file_cache_min_uses;
    enum if_modified_since if_modified_since;
    uint32_t max_ranges;
    const struct return_rule *return_rule; /* NULL: not set */
    struct try_files *try_files;           /* NULL: not set; the build completes it */
    uint64_t client_max_body_size;         /* 0: no limit */
    struct file_cache_settings open_file_cache;
    int64_t open_file_cache_valid;
    const struct media_types *types;
    const char *default_type;
    struct slice charset; /* empty: off */
    enum precompressed gzip_static;
    enum precompressed brotli_static;
    enum precompressed zstd_static;
    enum server_tokens server_tokens;
    struct added_headers add_header;
    struct expires expires;
    struct keepalive_timeout keepalive_timeout;
    uint32_t keepalive_requests;
    uint64_t limit_rate; /* bytes a second; 0: none */
    uint64_t sendfile_max_chunk;
    struct access_logs access_log;

    /* some requests */
    struct index_list index;
    bool autoindex;
    bool autoindex_exact_size;
    bool autoindex_localtime;
    enum autoindex_format autoindex_format;
    /* answers without a file */
    struct error_pages error_page;
    bool absolute_redirect;
    bool port_in_redirect;
    bool server_name_in_redirect;
    bool log_not_found;
    const struct log *error_log;
    /* slow and closing connections */
    bool reset_timedout_connection;
    enum lingering lingering_close;
    int64_t lingering_time;
    int64_t lingering_timeout;
    int64_t client_body_timeout;
    int64_t send_timeout;
    uint64_t limit_rate_after;
};

enum location_match {
    LOCATION_SERVER, /* no location matched: the server's own settings */
    LOCATION_PREFIX,
    LOCATION_PREFIX_FINAL, /* ^~ */
    LOCATION_EXACT,        /* = */
    LOCATION_NAMED,        /* @name */
};

/* The nearest of root and alias. */
struct document_root {
    bool is_alias;
    uint32_t alias_length; /* bytes of the path that alias replaces: the pattern of the
                            * location it is written in, which nested ones inherit */
    struct template path;  /* root: without a trailing slash but for "/" itself */
    struct position at;    /* no source: the default */
};

/* A server with thousands of them finds few in its caches: what each request reads comes
 * first, up to the template's own parts, and fits a line of them. */
struct location {
    const struct location_settings *set;
    struct slice pattern; /* path prefix, exact path, or "@name" */
    char *label;          /* "file:line", for the scoreboard and logs */
    struct document_root document_root;
    enum location_match match;
    const struct server *server;
    struct position at;
};

struct server {
    struct position at;
    struct slice name; /* the first server_name, "" when there is none */
    struct server_settings set;
    struct location *fallback; /* LOCATION_SERVER */
    struct prefixes locations; /* of struct location, nested ones included */
    struct hash named;         /* "@name" to struct location */
    struct location **all;     /* every location but the fallback, in the file's order */
    size_t location_count;
};

/* One address:port as `listen` lines name it, and who answers there. */
struct listen_address {
    struct sockaddr_any addr;
    struct server *default_server;
    struct names names; /* of struct server */
    bool several;       /* servers: the name has to choose */
    struct position at; /* first listen line */
};

enum keepalive_probe {
    SO_KEEPALIVE_DEFAULT,
    SO_KEEPALIVE_OFF,
    SO_KEEPALIVE_ON,
};

/* One socket to bind. Specific addresses on the port of a wildcard listener share its
 * socket: the accepted connection's own address then chooses among `addresses`. IPv4
 * addresses may share that of "[::]" with ipv6only=off: accepted ones are IPv4-mapped. */
struct listen_socket {
    struct sockaddr_any addr;
    struct listen_address **addresses; /* specific ones first, the wildcard last */
    size_t address_count;
    struct position at;
    int backlog; /* default 1024 */
    int rcvbuf;  /* 0: system's */
    int sndbuf;
    int fastopen; /* queue length; 0: off */
    bool deferred;
    bool ipv6only;
    enum keepalive_probe so_keepalive;
    int keepidle; /* seconds, 0: system's */
    int keepintvl;
    int keepcnt;
};

struct config {
    struct arena *arena;
    const char *path;       /* of the main file, for status */
    const char *prefix;     /* ends in a slash */
    struct statement *tree; /* for -T */
    struct main_settings set;
    struct listen_socket **sockets;
    size_t socket_count;
    struct server **servers;
    size_t server_count;
    struct log_file *log_files;
    size_t log_file_count;
    const struct log *error_log; /* main level */
    const struct location *http; /* http level settings, for answers before a server */
};

#endif
