#include "config/directives.h"
#include "common/buf.h"
#include "config/setters.h"

#define M   CONTEXT_MAIN
#define E   CONTEXT_EVENTS
#define H   CONTEXT_HTTP
#define S   CONTEXT_SERVER
#define L   CONTEXT_LOCATION
#define HSL (H | S | L)

#define ANY UCHAR_MAX

/* The value's place: store, offset and size of one member. */
#define PLACE(kind, type, member)                                                        \
    .store = (kind), .offset = offsetof(struct type, member),                            \
    .size = sizeof(((struct type *)0)->member)
#define IN_MAIN(member)     PLACE(STORE_MAIN, main_settings, member)
#define IN_SERVER(member)   PLACE(STORE_SERVER, server_settings, member)
#define IN_LOCATION(member) PLACE(STORE_LOCATION, location_settings, member)
#define IN_PLACE(member)    PLACE(STORE_PLACE, location, member)

/* Members from `first` to `last`, which are inherited together. */
#define SPAN(kind, type, first, last)                                                    \
    .store = (kind), .offset = offsetof(struct type, first),                             \
    .size = offsetof(struct type, last) + sizeof(((struct type *)0)->last) -             \
            offsetof(struct type, first)

static const char *const off_on[] = {"off", "on", NULL};
static const char *const off_on_always[] = {"off", "on", "always", NULL};
static const char *const listing_formats[] = {"html", "json", "xml", NULL};
static const char *const stop_manners[] = {"fast", "graceful", NULL};
static const char *const since_modes[] = {"off", "exact", "before", NULL};

/* The formatter would give each member of a row its own line. */
/* clang-format off */
const struct directive directives[] = {
    /* --- processes ------------------------------------------------------------------ */
    {.name = "user", .contexts = M, .args_min = 1, .args_max = 2, .type = TYPE_CUSTOM,
     SPAN(STORE_MAIN, main_settings, user, group), .initial = "nobody", .set = set_user,
     .syntax = "user [group]",
     .help = "whom the workers run as, when the server is started by root"},
    {.name = "worker_processes", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_CUSTOM, IN_MAIN(worker_processes), .initial = "auto",
     .set = set_worker_processes, .syntax = "number | auto",
     .help = "size of the pool; auto: as many as CPUs may be used"},
    {.name = "worker_rlimit_nofile", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_MAIN(worker_rlimit_nofile), .min = 16, .syntax = "number",
     .help = "limit of open descriptors in a worker"},
    {.name = "worker_shutdown_timeout", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_MAIN(worker_shutdown_timeout), .initial = "30s",
     .syntax = "time", .help = "how long a worker may finish what it has"},
    {.name = "worker_hang_timeout", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_MAIN(worker_hang_timeout), .initial = "30s",
     .syntax = "time", .help = "a worker without a sign of life is replaced; 0: never"},
    {.name = "worker_max_requests", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_MAIN(worker_max_requests), .initial = "0",
     .syntax = "number", .help = "a worker is replaced after so many; 0: never"},
    {.name = "worker_max_rss", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_MAIN(worker_max_rss), .initial = "0", .syntax = "size",
     .help = "a worker with more memory is replaced; 0: never"},
    {.name = "request_quarantine", .contexts = M, .args_min = 1, .args_max = 3,
     .type = TYPE_CUSTOM, IN_MAIN(request_quarantine),
     .initial = "deaths=3 window=60s time=60s", .set = set_request_quarantine,
     .syntax = "[deaths=number] [window=time] [time=time] | off",
     .help = "a request that killed so many workers is answered with 503 for a time"},
    {.name = "sigterm", .contexts = M, .args_min = 1, .args_max = 1, .type = TYPE_ENUM,
     IN_MAIN(sigterm), .initial = "fast", .enum_names = stop_manners,
     .syntax = "fast | graceful", .help = "what SIGTERM does: as SIGINT, or as SIGQUIT"},
    {.name = "worker_priority", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_CUSTOM, IN_MAIN(worker_priority), .initial = "0",
     .set = set_worker_priority, .syntax = "number",
     .help = "nice value of the workers, -20 to 19"},
    {.name = "pid", .contexts = M, .args_min = 1, .args_max = 1, .type = TYPE_PATH,
     IN_MAIN(pid), .initial = TINYHTTPD_LOCALSTATEDIR "/run/tinyhttpd.pid",
     .syntax = "file", .help = "file that holds the master's process id"},
    {.name = "daemon", .contexts = M, .args_min = 1, .args_max = 1, .type = TYPE_FLAG,
     IN_MAIN(daemon), .initial = "on", .syntax = "on | off",
     .help = "goes to the background once every worker is ready"},
    {.name = "master_process", .contexts = M, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_MAIN(master_process), .initial = "on", .syntax = "on | off",
     .help = "off: one process that is its own worker, for debuggers"},
    {.name = "error_log", .contexts = M | HSL, .args_min = 1, .args_max = 2,
     .type = TYPE_CUSTOM, IN_LOCATION(error_log), .set = set_error_log, .repeats = true,
     .syntax = "file | stderr [debug | info | notice | warn | error | crit | alert | "
               "emerg]",
     .help = "where messages go, and the least grave that are written"},
    {.name = "include", .contexts = M | E | HSL | CONTEXT_TYPES, .args_min = 1,
     .args_max = 1, .type = TYPE_CUSTOM, .repeats = true, .syntax = "file | mask",
     .help = "reads other files in this place"},
    {.name = "events", .contexts = M, .type = TYPE_BLOCK, .set = set_events,
     .syntax = "{ ... }", .help = "settings of the event loop; may be left out"},
    {.name = "worker_connections", .contexts = E, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_MAIN(worker_connections), .initial = "1024", .min = 1,
     .max = 1 << 20, .syntax = "number", .help = "connections that a worker may hold"},

    /* --- http, server, location ----------------------------------------------------- */
    {.name = "http", .contexts = M, .type = TYPE_BLOCK, .set = set_http,
     .syntax = "{ ... }", .help = "settings of all servers; may be left out"},
    {.name = "server", .contexts = M | H, .type = TYPE_BLOCK, .set = set_server,
     .repeats = true, .syntax = "{ ... }", .help = "a virtual server"},
    {.name = "listen", .contexts = S, .args_min = 1, .args_max = ANY, .type = TYPE_CUSTOM,
     .set = set_listen, .repeats = true,
     .syntax = "address[:port] | port | unix:path [default_server] [backlog=number] "
               "[rcvbuf=size] [sndbuf=size] [deferred] [ipv6only=on|off] "
               "[so_keepalive=on|off|[idle]:[interval]:[count]] [fastopen=number]",
     .help = "an address and port where the server answers"},
    {.name = "server_name", .contexts = S, .args_min = 1, .args_max = ANY,
     .type = TYPE_CUSTOM, .set = set_server_name, .repeats = true, .syntax = "name ...",
     .help = "host names of the server: exact, *.name, name.* or .name"},
    {.name = "location", .contexts = S | L, .args_min = 1, .args_max = 2,
     .type = TYPE_BLOCK, .set = set_location, .repeats = true,
     .syntax = "[= | ^~] path | @name { ... }",
     .help = "settings for a part of the server's paths"},
    {.name = "merge_slashes", .contexts = H | S, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_SERVER(merge_slashes), .initial = "on", .syntax = "on | off",
     .help = "takes several slashes in a row for one"},

    /* --- which file ----------------------------------------------------------------- */
    {.name = "root", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_CUSTOM, IN_PLACE(document_root), .initial = "html", .set = set_root,
     .syntax = "path", .help = "directory that the request path is appended to"},
    {.name = "alias", .contexts = L, .args_min = 1, .args_max = 1, .type = TYPE_CUSTOM,
     IN_PLACE(document_root), .set = set_alias, .syntax = "path",
     .help = "what the location's prefix is replaced by"},
    {.name = "index", .contexts = HSL, .args_min = 1, .args_max = ANY,
     .type = TYPE_CUSTOM, IN_LOCATION(index), .initial = "index.html", .set = set_index,
     .repeats = true, .syntax = "file ...", .help = "what answers for a directory"},
    {.name = "try_files", .contexts = S | L, .args_min = 2, .args_max = ANY,
     .type = TYPE_CUSTOM, IN_LOCATION(try_files), .set = set_try_files,
     .not_inherited = true, .syntax = "file ... uri | =code | @name",
     .help = "the first of these files that exists, else the last argument"},
    {.name = "internal", .contexts = L, .type = TYPE_CUSTOM, IN_LOCATION(internal),
     .set = set_internal, .syntax = "", .help = "404 for requests from outside"},
    {.name = "autoindex", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(autoindex), .initial = "off", .syntax = "on | off",
     .help = "lists directories that have no index file"},
    {.name = "autoindex_exact_size", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(autoindex_exact_size), .initial = "on",
     .syntax = "on | off", .help = "sizes in bytes, not rounded to K, M, G"},
    {.name = "autoindex_localtime", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(autoindex_localtime), .initial = "off",
     .syntax = "on | off", .help = "dates in local time instead of UTC"},
    {.name = "autoindex_format", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(autoindex_format), .initial = "html",
     .enum_names = listing_formats, .syntax = "html | json | xml",
     .help = "what a listing is written in"},
    {.name = "gzip_static", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(gzip_static), .initial = "off",
     .enum_names = off_on_always, .syntax = "on | off | always",
     .help = "serves file.gz in place of file to clients that accept it"},
    {.name = "brotli_static", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(brotli_static), .initial = "off",
     .enum_names = off_on_always, .syntax = "on | off | always",
     .help = "serves file.br in place of file to clients that accept it"},
    {.name = "zstd_static", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(zstd_static), .initial = "off",
     .enum_names = off_on_always, .syntax = "on | off | always",
     .help = "serves file.zst in place of file to clients that accept it"},

    /* --- what is answered ----------------------------------------------------------- */
    {.name = "error_page", .contexts = HSL, .args_min = 2, .args_max = ANY,
     .type = TYPE_CUSTOM, IN_LOCATION(error_page), .set = set_error_page, .repeats = true,
     .syntax = "code ... [=[code]] uri", .help = "what is shown in place of an error"},
    {.name = "return", .contexts = S | L, .args_min = 1, .args_max = 2,
     .type = TYPE_CUSTOM, IN_LOCATION(return_rule), .set = set_return,
     .not_inherited = true, .syntax = "code [text | URL] | URL",
     .help = "answers at once; 444 closes the connection without an answer"},
    {.name = "absolute_redirect", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(absolute_redirect), .initial = "off",
     .syntax = "on | off", .help = "redirects name scheme and host, not only the path"},
    {.name = "port_in_redirect", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(port_in_redirect), .initial = "on",
     .syntax = "on | off", .help = "absolute redirects name the port"},
    {.name = "server_name_in_redirect", .contexts = HSL, .args_min = 1,
     .args_max = 1, .type = TYPE_FLAG, IN_LOCATION(server_name_in_redirect),
     .initial = "off", .syntax = "on | off",
     .help = "absolute redirects use the first server_name, not the Host field"},
    {.name = "types", .contexts = HSL, .type = TYPE_BLOCK, IN_LOCATION(types),
     .set = set_types, .repeats = true, .syntax = "{ media/type extension ...; }",
     .help = "media types of file name extensions; replaces the built-in table"},
    {.name = "default_type", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_STRING, IN_LOCATION(default_type), .initial = "text/plain",
     .syntax = "media/type", .help = "media type of files with another extension"},
    {.name = "charset", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_CUSTOM, IN_LOCATION(charset), .initial = "off", .set = set_charset,
     .syntax = "name | off", .help = "charset parameter of text in Content-Type"},
    {.name = "add_header", .contexts = HSL, .args_min = 2, .args_max = 3,
     .type = TYPE_CUSTOM, IN_LOCATION(add_header), .set = set_add_header, .repeats = true,
     .syntax = "name value [always]", .help = "adds a field to responses"},
    {.name = "expires", .contexts = HSL, .args_min = 1, .args_max = 2,
     .type = TYPE_CUSTOM, IN_LOCATION(expires), .initial = "off", .set = set_expires,
     .syntax = "[modified] time | @time | epoch | max | off",
     .help = "adds Expires and Cache-Control"},
    {.name = "etag", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(etag), .initial = "on", .syntax = "on | off",
     .help = "adds an ETag to files"},
    {.name = "if_modified_since", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(if_modified_since), .initial = "exact",
     .enum_names = since_modes, .syntax = "off | exact | before",
     .help = "how the date in If-Modified-Since is compared"},
    {.name = "max_ranges", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_LOCATION(max_ranges), .initial = "64", .syntax = "number",
     .help = "byte ranges in one request; 0: none are served"},
    {.name = "server_tokens", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(server_tokens), .initial = "on", .enum_names = off_on,
     .syntax = "on | off",
     .help = "shows the version in the Server field and on error pages"},

    /* --- limits and times of a connection ------------------------------------------- */
    {.name = "client_header_timeout", .contexts = H | S, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_SERVER(client_header_timeout), .initial = "60s", .min = 1,
     .syntax = "time", .help = "for the whole request head; then 408"},
    {.name = "client_header_buffer_size", .contexts = H | S, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_SERVER(client_header_buffer_size), .initial = "1k", .min = 256,
     .max = 1 << 20, .syntax = "size",
     .help = "a line of the head may be this long too, if it is more"},
    {.name = "large_client_header_buffers", .contexts = H | S, .args_min = 2,
     .args_max = 2, .type = TYPE_CUSTOM, IN_SERVER(large_client_header_buffers),
     .initial = "4 8k", .min = 1, .max = 1 << 20, .set = set_header_buffers,
     .syntax = "number size",
     .help = "a line of the head may fill one (414 or 431), the head all of them (431)"},
    {.name = "max_headers", .contexts = H | S, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_SERVER(max_headers), .initial = "100", .min = 1,
     .max = 10000, .syntax = "number", .help = "fields in a request head; then 431"},
    {.name = "client_body_timeout", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_LOCATION(client_body_timeout), .initial = "60s", .min = 1,
     .syntax = "time", .help = "between two reads of a request body; then 408"},
    {.name = "send_timeout", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_LOCATION(send_timeout), .initial = "60s", .min = 1,
     .syntax = "time", .help = "between two writes of a response"},
    {.name = "client_max_body_size", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_LOCATION(client_max_body_size), .initial = "1m",
     .syntax = "size", .help = "larger request bodies get 413; 0: no limit"},
    {.name = "keepalive_timeout", .contexts = HSL, .args_min = 1, .args_max = 2,
     .type = TYPE_CUSTOM, IN_LOCATION(keepalive_timeout), .initial = "75s",
     .set = set_keepalive_timeout, .syntax = "time [header_time]",
     .help = "how long an idle connection stays open; 0: not at all"},
    {.name = "keepalive_requests", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_NUMBER, IN_LOCATION(keepalive_requests), .initial = "1000",
     .syntax = "number", .help = "requests on one connection"},
    {.name = "lingering_close", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_ENUM, IN_LOCATION(lingering_close), .initial = "on",
     .enum_names = off_on_always, .syntax = "off | on | always",
     .help = "reads on before a close, so that the client sees the answer"},
    {.name = "lingering_time", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_LOCATION(lingering_time), .initial = "30s", .syntax = "time",
     .help = "the longest that a lingering close may take"},
    {.name = "lingering_timeout", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_LOCATION(lingering_timeout), .initial = "5s", .syntax = "time",
     .help = "how long a lingering close waits for more data"},
    {.name = "reset_timedout_connection", .contexts = HSL, .args_min = 1,
     .args_max = 1, .type = TYPE_FLAG, IN_LOCATION(reset_timedout_connection),
     .initial = "off", .syntax = "on | off",
     .help = "resets connections that timed out, to free their memory at once"},
    {.name = "limit_rate", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_LOCATION(limit_rate), .initial = "0",
     .max = UINT64_C(1) << 34, .syntax = "rate",
     .help = "bytes a second for one response; 0: no limit"},
    {.name = "limit_rate_after", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_LOCATION(limit_rate_after), .initial = "0",
     .max = UINT64_C(1) << 50, .syntax = "size",
     .help = "bytes that are sent before limit_rate counts"},
    {.name = "tcp_nodelay", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(tcp_nodelay), .initial = "on", .syntax = "on | off",
     .help = "sets TCP_NODELAY"},
    {.name = "sendfile", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(sendfile), .initial = "on", .syntax = "on | off",
     .help = "sends files without copying them through the server"},
    {.name = "sendfile_max_chunk", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_SIZE, IN_LOCATION(sendfile_max_chunk), .initial = "2m",
     .syntax = "size", .help = "bytes of one sendfile call; 0: no limit"},

    /* --- cache of open files -------------------------------------------------------- */
    {.name = "open_file_cache", .contexts = HSL, .args_min = 1, .args_max = 2,
     .type = TYPE_CUSTOM, IN_LOCATION(open_file_cache),
     .initial = "max=16384 inactive=60s", .set = set_open_file_cache,
     .syntax = "off | max=number [inactive=time]",
     .help = "keeps files open, and small ones in memory"},
    {.name = "open_file_cache_valid", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_TIME, IN_LOCATION(open_file_cache_valid), .initial = "1s",
     .syntax = "time", .help = "after which a cached file is looked at again"},
    {.name = "open_file_cache_min_uses", .contexts = HSL, .args_min = 1,
     .args_max = 1, .type = TYPE_NUMBER, IN_LOCATION(open_file_cache_min_uses),
     .initial = "1", .min = 1, .syntax = "number",
     .help = "uses within the inactive time that keep a file open"},
    {.name = "open_file_cache_errors", .contexts = HSL, .args_min = 1,
     .args_max = 1, .type = TYPE_FLAG, IN_LOCATION(open_file_cache_errors),
     .initial = "on", .syntax = "on | off", .help = "caches that a file is not there"},

    /* --- logs ----------------------------------------------------------------------- */
    {.name = "access_log", .contexts = HSL, .args_min = 1, .args_max = ANY,
     .type = TYPE_CUSTOM, IN_LOCATION(access_log),
     .initial = TINYHTTPD_LOCALSTATEDIR "/log/tinyhttpd/access.log combined",
     .set = set_access_log, .repeats = true,
     .syntax = "file [format] [if=condition] | off", .help = "a line for every request"},
    {.name = "log_format", .contexts = H, .args_min = 2, .args_max = ANY,
     .type = TYPE_CUSTOM, .set = set_log_format, .repeats = true,
     .syntax = "name [escape=default | json | none] text ...",
     .help = "names a line for access_log; combined and json are built in"},
    {.name = "log_not_found", .contexts = HSL, .args_min = 1, .args_max = 1,
     .type = TYPE_FLAG, IN_LOCATION(log_not_found), .initial = "on", .syntax = "on | off",
     .help = "files that are not found go to the error log"},
};
/* clang-format on */

const size_t directive_count = sizeof directives / sizeof *directives;

const struct directive *directive_find(struct slice name)
{
    for (size_t i = 0; i < directive_count; i++) {
        if (slice_eq(slice_str(directives[i].name), name)) {
            return &directives[i];
        }
    }
    return NULL;
}

static const struct {
    enum context context;
    const char *name;
} context_names[] = {
    {CONTEXT_MAIN, "main"},     {CONTEXT_EVENTS, "events"},     {CONTEXT_HTTP, "http"},
    {CONTEXT_SERVER, "server"}, {CONTEXT_LOCATION, "location"}, {CONTEXT_TYPES, "types"},
};

#define CONTEXT_COUNT (sizeof context_names / sizeof *context_names)

const char *context_name(enum context context)
{
    for (size_t i = 0; i < CONTEXT_COUNT; i++) {
        if (context_names[i].context == context) {
            return context_names[i].name;
        }
    }
    return "";
}

void context_list(unsigned contexts, struct buf *out)
{
    const char *separator = "";
    for (size_t i = 0; i < CONTEXT_COUNT; i++) {
        if (contexts & (unsigned)context_names[i].context) {
            buf_append_str(out, separator);
            buf_append_str(out, context_names[i].name);
            separator = ", ";
        }
    }
}
