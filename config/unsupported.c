#include "config/unsupported.h"

#define TLS       "end TLS with hitch, stunnel or haproxy in front"
#define NO_PROXY  "this server serves files and passes nothing on; use a proxy in front"
#define NO_MAIL   "this is no mail proxy"
#define NO_STREAM "this server speaks HTTP only; use haproxy for other streams"
#define NO_FILTER "bodies are sent as they are on disk; change them when you publish"
#define NO_SCRIPT "nothing runs inside this server"
#define YET       "not supported yet"
#define UNSAFE    "not supported yet, and without it the files would be open to all"
#define COMPRESS  "compressed siblings are served instead: see gzip_static, brotli_static"
#define EVENTS    "the event loop needs no such tuning"
#define HASHES    "tables grow as needed"
#define FILE_IO   "files are sent with sendfile or from the file cache"
#define OLD       "nginx has dropped it, too"
#define WIRE      "clients use HTTP/1.1 instead"

#define IGNORE(names, why)                                                               \
    {                                                                                    \
        names, VERDICT_IGNORE, why                                                       \
    }
#define REFUSE(names, why)                                                               \
    {                                                                                    \
        names, VERDICT_REFUSE, why                                                       \
    }

/* The first pattern that matches decides: exceptions stand before theirs. */
/* clang-format off */
const struct unsupported unsupported[] = {
    /* --- processes and events ------------------------------------------------------- */
    IGNORE("load_module", "there are no modules; what they add is told where it is used"),
    IGNORE("accept_mutex accept_mutex_delay multi_accept", EVENTS),
    IGNORE("use", "the event back end is chosen when the server is built"),
    IGNORE("epoll_events poll_events kqueue_* devpoll_* eventport_* rtsig_* "
           "iocp_* acceptex_read post_acceptex", EVENTS),
    IGNORE("connections", "write worker_connections"),
    IGNORE("worker_aio_requests", EVENTS),
    IGNORE("worker_cpu_affinity", "the kernel places them; see taskset(1)"),
    IGNORE("worker_rlimit_core", "set the limit where the server is started: ulimit -c"),
    IGNORE("worker_rlimit_sigpending", EVENTS),
    IGNORE("worker_threads thread_stack_size", OLD),
    IGNORE("working_directory", "core files go where kernel.core_pattern says"),
    IGNORE("timer_resolution", "the time is read once a turn of the event loop"),
    IGNORE("thread_pool", FILE_IO),
    IGNORE("pcre_jit", "no regular expression library is used"),
    IGNORE("lock_file", "accepting needs no lock file"),
    IGNORE("env", "nothing here reads the environment"),
    IGNORE("debug_connection", "use error_log with the level debug"),
    IGNORE("debug_points", "asserts are always on"),
    IGNORE("debug_*", "use error_log with the level debug"),
    IGNORE("google_perftools_profiles", "use perf"),
    IGNORE("usage_report", "nothing is reported to anybody"),
    REFUSE("master", "write master_process"),

    /* --- http: tuning --------------------------------------------------------------- */
    IGNORE("*_hash_max_size *_hash_bucket_size", HASHES),
    IGNORE("optimize_server_names", OLD),
    IGNORE("tcp_nopush", "full packets are sent where they help"),
    IGNORE("aio aio_write directio directio_alignment read_ahead output_buffers "
           "postpone_output send_lowat subrequest_output_buffer_size", FILE_IO),
    IGNORE("connection_pool_size request_pool_size", "memory is sized by the server"),
    IGNORE("client_body_buffer_size client_body_in_single_buffer "
           "client_body_temp_path", "request bodies are discarded, not kept"),
    REFUSE("client_body_in_file_only", "request bodies are discarded, not kept"),
    IGNORE("open_log_file_cache", "log files are held open by the logger"),
    IGNORE("open_file_cache_events", FILE_IO),
    IGNORE("open_file_cache_retest", OLD),
    IGNORE("log_subrequest", "there are no subrequests"),
    IGNORE("keepalive_disable", "no browser in use needs it"),
    IGNORE("keepalive_time", "keepalive_requests bounds a connection"),
    IGNORE("keepalive_min_timeout", "a reload never cuts an idle connection short"),
    IGNORE("msie_*", "no browser in use needs it"),
    IGNORE("chunked_transfer_encoding", "used where HTTP/1.1 asks for it, never in 1.0"),
    IGNORE("underscores_in_headers", "field names are what RFC 9110 calls a token"),
    IGNORE("ignore_invalid_headers", "a name that is no token is answered with 400"),
    IGNORE("charset_types", "charset goes with text, JavaScript, JSON and XML types"),
    IGNORE("early_hints", "it is about answers of other servers"),
    IGNORE("resolver resolver_timeout", "no name is looked up while serving"),
    IGNORE("degradation degrade", "see worker_connections"),

    /* --- http: meaning -------------------------------------------------------------- */
    REFUSE("recursive_error_pages", "an error of an error page gets the built-in page"),
    REFUSE("add_header_inherit", "repeat the parent's add_header lines here"),
    REFUSE("add_trailer_inherit add_trailer", "trailers are not sent; use add_header"),
    REFUSE("override_charset", "text is sent as it is on disk; see charset"),
    REFUSE("source_charset charset_map",
           "text is sent as it is on disk; convert it with iconv"),
    REFUSE("disable_symlinks", UNSAFE),
    REFUSE("post_action", OLD),
    REFUSE("internal_redirect", YET),
    REFUSE("random_index", "name a file with index"),
    REFUSE("empty_gif", "serve a file"),
    REFUSE("mirror*", NO_PROXY),

    /* --- access --------------------------------------------------------------------- */
    REFUSE("allow deny satisfy*", UNSAFE),
    REFUSE("limit_except", "only GET, HEAD and OPTIONS are served: leave the block out"),
    REFUSE("auth_basic*", UNSAFE),
    REFUSE("auth_http*", NO_MAIL),
    REFUSE("auth_* oidc_provider", UNSAFE),
    REFUSE("valid_referers", YET),
    REFUSE("secure_link*", UNSAFE),
    REFUSE("limit_req* limit_conn* limit_zone set_real_ip_from real_ip_*", YET),

    /* --- rewrite and variables ------------------------------------------------------ */
    IGNORE("rewrite_log", "there are no rewrites to log"),
    IGNORE("uninitialized_variable_warn", "an unknown variable is always an error"),
    REFUSE("rewrite if", "not supported yet; return, try_files and location may do"),
    REFUSE("set", YET),
    REFUSE("set_*", NO_SCRIPT),
    REFUSE("break map geo geo_*", YET),
    REFUSE("geoip*", "look addresses up in the log instead"),
    REFUSE("split_clients num_map", YET),
    REFUSE("ancient_browser* modern_browser*", "browsers are not told apart"),

    /* --- compression and content ---------------------------------------------------- */
    REFUSE("gunzip*", "a client without gzip gets the plain file, which must be there"),
    IGNORE("gzip gzip_* brotli brotli_* zstd zstd_* postpone_gzipping", COMPRESS),
    IGNORE("pagespeed*", "publish optimised files instead"),
    REFUSE("add_before_body add_after_body addition_types sub_filter* "
           "subs_filter* ssi* xslt_* xml_entities image_filter*", NO_FILTER),
    REFUSE("userid*", "no cookies are set; use $request_id to follow a request"),
    REFUSE("flv mp4*", "players use byte ranges today"),
    REFUSE("hls* f4f*", "publish the segments as files"),
    REFUSE("slice", "it is about answers of other servers"),
    REFUSE("dav_* create_full_put_path min_delete_depth upload_*",
           "this server only reads files"),
    REFUSE("fancyindex*", "use autoindex: its columns can be sorted"),
    REFUSE("concat*", "publish the files joined"),
    REFUSE("small_light*", NO_FILTER),
    REFUSE("more_*", "use add_header"),

    /* --- status --------------------------------------------------------------------- */
    REFUSE("stub_status status status_* vhost_traffic_status* api mgmt keyval*", YET),
    REFUSE("session_log*", "use access_log"),
    REFUSE("otel_* opentracing*", "there is no tracing; see access_log"),

    /* --- TLS and other versions of HTTP --------------------------------------------- */
    REFUSE("ssl ssl_* acme_*", TLS),
    IGNORE("http2 http2_* http3 http3_* quic_* spdy_*", WIRE),

    /* --- other servers behind ------------------------------------------------------- */
    REFUSE("proxy_protocol*", "the PROXY protocol is not supported yet"),
    REFUSE("proxy_* fastcgi_* uwsgi_* scgi_* grpc_* srcache_* nchan_* "
           "push_stream* memcached_* redis_pass redis2_* tunnel_* upstream "
           "upstream_conf zone zone_sync* state hash hash_again ip_hash "
           "least_conn least_time random fair keepalive ntlm queue sticky* "
           "health_check* match", NO_PROXY),

    /* --- what runs code ------------------------------------------------------------- */
    REFUSE("perl* js_* lua_* *_by_lua *_by_lua_block *_by_lua_file", NO_SCRIPT),
    REFUSE("echo*", "use return with a text"),
    REFUSE("passenger_*", NO_SCRIPT),
    REFUSE("modsecurity*", "filter requests in front of this server"),

    /* --- other protocols ------------------------------------------------------------ */
    REFUSE("stream preread_* pass rtmp mqtt*", NO_STREAM),
    REFUSE("mail imap imap_* pop3_* smtp_* protocol starttls xclient max_errors",
           NO_MAIL),
};
/* clang-format on */

const size_t unsupported_count = sizeof(unsupported) / sizeof(unsupported[0]);

static bool matches(struct slice pattern, struct slice name)
{
    struct slice rest = slice_from(pattern, 1);
    if (pattern.ptr[0] == '*') {
        return name.len > rest.len && slice_ends(name, rest);
    }
    if (pattern.ptr[pattern.len - 1] == '*') {
        return slice_starts(name, slice_of(pattern.ptr, pattern.len - 1));
    }
    return slice_eq(pattern, name);
}

const struct unsupported *unsupported_find(struct slice name)
{
    for (size_t i = 0; i < unsupported_count; i++) {
        struct slice rest = slice_str(unsupported[i].patterns);
        struct slice pattern;
        while (slice_split(&rest, ' ', &pattern)) {
            if (matches(pattern, name)) {
                return &unsupported[i];
            }
        }
    }
    return NULL;
}
