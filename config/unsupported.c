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

#define IGNORE(name, why)                                                                \
    {                                                                                    \
        name, VERDICT_IGNORE, why                                                        \
    }
#define REFUSE(name, why)                                                                \
    {                                                                                    \
        name, VERDICT_REFUSE, why                                                        \
    }

/* The first row that matches decides: exceptions stand before their pattern. */
/* clang-format off */
const struct unsupported unsupported[] = {
    /* --- processes and events ------------------------------------------------------- */
    IGNORE("load_module", "there are no modules; what they add is told where it is used"),
    IGNORE("accept_mutex", EVENTS),
    IGNORE("accept_mutex_delay", EVENTS),
    IGNORE("multi_accept", EVENTS),
    IGNORE("use", "the event back end is chosen when the server is built"),
    IGNORE("epoll_events", EVENTS),
    IGNORE("poll_events", EVENTS),
    IGNORE("kqueue_*", EVENTS),
    IGNORE("devpoll_*", EVENTS),
    IGNORE("eventport_*", EVENTS),
    IGNORE("rtsig_*", EVENTS),
    IGNORE("iocp_*", EVENTS),
    IGNORE("acceptex_read", EVENTS),
    IGNORE("post_acceptex", EVENTS),
    IGNORE("connections", "write worker_connections"),
    IGNORE("worker_aio_requests", EVENTS),
    IGNORE("worker_cpu_affinity", "the kernel places them; see taskset(1)"),
    IGNORE("worker_rlimit_core", "set the limit where the server is started: ulimit -c"),
    IGNORE("worker_rlimit_sigpending", EVENTS),
    IGNORE("worker_threads", OLD),
    IGNORE("thread_stack_size", OLD),
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
    IGNORE("*_hash_max_size", HASHES),
    IGNORE("*_hash_bucket_size", HASHES),
    IGNORE("optimize_server_names", OLD),
    IGNORE("tcp_nopush", "full packets are sent where they help"),
    IGNORE("aio", FILE_IO),
    IGNORE("aio_write", FILE_IO),
    IGNORE("directio", FILE_IO),
    IGNORE("directio_alignment", FILE_IO),
    IGNORE("read_ahead", FILE_IO),
    IGNORE("output_buffers", FILE_IO),
    IGNORE("postpone_output", FILE_IO),
    IGNORE("send_lowat", FILE_IO),
    IGNORE("subrequest_output_buffer_size", FILE_IO),
    IGNORE("connection_pool_size", "memory is sized by the server"),
    IGNORE("request_pool_size", "memory is sized by the server"),
    IGNORE("client_body_buffer_size", "request bodies are discarded, not kept"),
    IGNORE("client_body_in_single_buffer", "request bodies are discarded, not kept"),
    IGNORE("client_body_temp_path", "request bodies are discarded, not kept"),
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
    IGNORE("resolver", "no name is looked up while serving"),
    IGNORE("resolver_timeout", "no name is looked up while serving"),
    IGNORE("degradation", "see worker_connections"),
    IGNORE("degrade", "see worker_connections"),

    /* --- http: meaning -------------------------------------------------------------- */
    REFUSE("recursive_error_pages", "an error of an error page gets the built-in page"),
    REFUSE("add_header_inherit", "repeat the parent's add_header lines here"),
    REFUSE("add_trailer_inherit", "trailers are not sent; use add_header"),
    REFUSE("add_trailer", "trailers are not sent; use add_header"),
    REFUSE("override_charset", "text is sent as it is on disk; see charset"),
    REFUSE("source_charset", "text is sent as it is on disk; convert it with iconv"),
    REFUSE("charset_map", "text is sent as it is on disk; convert it with iconv"),
    REFUSE("disable_symlinks", UNSAFE),
    REFUSE("post_action", OLD),
    REFUSE("internal_redirect", YET),
    REFUSE("random_index", "name a file with index"),
    REFUSE("empty_gif", "serve a file"),
    REFUSE("mirror*", NO_PROXY),

    /* --- access --------------------------------------------------------------------- */
    REFUSE("allow", UNSAFE),
    REFUSE("deny", UNSAFE),
    REFUSE("satisfy*", UNSAFE),
    REFUSE("limit_except", "only GET, HEAD and OPTIONS are served: leave the block out"),
    REFUSE("auth_basic*", UNSAFE),
    REFUSE("auth_http*", NO_MAIL),
    REFUSE("auth_*", UNSAFE),
    REFUSE("oidc_provider", UNSAFE),
    REFUSE("valid_referers", YET),
    REFUSE("secure_link*", UNSAFE),
    REFUSE("limit_req*", YET),
    REFUSE("limit_conn*", YET),
    REFUSE("limit_zone", YET),
    REFUSE("set_real_ip_from", YET),
    REFUSE("real_ip_*", YET),

    /* --- rewrite and variables ------------------------------------------------------ */
    IGNORE("rewrite_log", "there are no rewrites to log"),
    IGNORE("uninitialized_variable_warn", "an unknown variable is always an error"),
    REFUSE("rewrite", "not supported yet; return, try_files and location may do"),
    REFUSE("if", "not supported yet; return, try_files and location may do"),
    REFUSE("set", YET),
    REFUSE("set_*", NO_SCRIPT),
    REFUSE("break", YET),
    REFUSE("map", YET),
    REFUSE("geo", YET),
    REFUSE("geo_*", YET),
    REFUSE("geoip*", "look addresses up in the log instead"),
    REFUSE("split_clients", YET),
    REFUSE("num_map", YET),
    REFUSE("ancient_browser*", "browsers are not told apart"),
    REFUSE("modern_browser*", "browsers are not told apart"),

    /* --- compression and content ---------------------------------------------------- */
    REFUSE("gunzip*", "a client without gzip gets the plain file, which must be there"),
    IGNORE("gzip", COMPRESS),
    IGNORE("gzip_*", COMPRESS),
    IGNORE("brotli", COMPRESS),
    IGNORE("brotli_*", COMPRESS),
    IGNORE("zstd", COMPRESS),
    IGNORE("zstd_*", COMPRESS),
    IGNORE("postpone_gzipping", COMPRESS),
    IGNORE("pagespeed*", "publish optimised files instead"),
    REFUSE("add_before_body", NO_FILTER),
    REFUSE("add_after_body", NO_FILTER),
    REFUSE("addition_types", NO_FILTER),
    REFUSE("sub_filter*", NO_FILTER),
    REFUSE("subs_filter*", NO_FILTER),
    REFUSE("ssi*", NO_FILTER),
    REFUSE("xslt_*", NO_FILTER),
    REFUSE("xml_entities", NO_FILTER),
    REFUSE("image_filter*", NO_FILTER),
    REFUSE("userid*", "no cookies are set; use $request_id to follow a request"),
    REFUSE("flv", "players use byte ranges today"),
    REFUSE("mp4*", "players use byte ranges today"),
    REFUSE("hls*", "publish the segments as files"),
    REFUSE("f4f*", "publish the segments as files"),
    REFUSE("slice", "it is about answers of other servers"),
    REFUSE("dav_*", "this server only reads files"),
    REFUSE("create_full_put_path", "this server only reads files"),
    REFUSE("min_delete_depth", "this server only reads files"),
    REFUSE("upload_*", "this server only reads files"),
    REFUSE("fancyindex*", "use autoindex: its columns can be sorted"),
    REFUSE("concat*", "publish the files joined"),
    REFUSE("small_light*", NO_FILTER),
    REFUSE("more_*", "use add_header"),

    /* --- status --------------------------------------------------------------------- */
    REFUSE("stub_status", YET),
    REFUSE("status", YET),
    REFUSE("status_*", YET),
    REFUSE("vhost_traffic_status*", YET),
    REFUSE("api", YET),
    REFUSE("mgmt", YET),
    REFUSE("keyval*", YET),
    REFUSE("session_log*", "use access_log"),
    REFUSE("otel_*", "there is no tracing; see access_log"),
    REFUSE("opentracing*", "there is no tracing; see access_log"),

    /* --- TLS and other versions of HTTP --------------------------------------------- */
    REFUSE("ssl", TLS),
    REFUSE("ssl_*", TLS),
    REFUSE("acme_*", TLS),
    IGNORE("http2", WIRE),
    IGNORE("http2_*", WIRE),
    IGNORE("http3", WIRE),
    IGNORE("http3_*", WIRE),
    IGNORE("quic_*", WIRE),
    IGNORE("spdy_*", WIRE),

    /* --- other servers behind ------------------------------------------------------- */
    REFUSE("proxy_protocol*", "the PROXY protocol is not supported yet"),
    REFUSE("proxy_*", NO_PROXY),
    REFUSE("fastcgi_*", NO_PROXY),
    REFUSE("uwsgi_*", NO_PROXY),
    REFUSE("scgi_*", NO_PROXY),
    REFUSE("grpc_*", NO_PROXY),
    REFUSE("srcache_*", NO_PROXY),
    REFUSE("nchan_*", NO_PROXY),
    REFUSE("push_stream*", NO_PROXY),
    REFUSE("memcached_*", NO_PROXY),
    REFUSE("redis_pass", NO_PROXY),
    REFUSE("redis2_*", NO_PROXY),
    REFUSE("tunnel_*", NO_PROXY),
    REFUSE("upstream", NO_PROXY),
    REFUSE("upstream_conf", NO_PROXY),
    REFUSE("zone", NO_PROXY),
    REFUSE("zone_sync*", NO_PROXY),
    REFUSE("state", NO_PROXY),
    REFUSE("hash", NO_PROXY),
    REFUSE("hash_again", NO_PROXY),
    REFUSE("ip_hash", NO_PROXY),
    REFUSE("least_conn", NO_PROXY),
    REFUSE("least_time", NO_PROXY),
    REFUSE("random", NO_PROXY),
    REFUSE("fair", NO_PROXY),
    REFUSE("keepalive", NO_PROXY),
    REFUSE("ntlm", NO_PROXY),
    REFUSE("queue", NO_PROXY),
    REFUSE("sticky*", NO_PROXY),
    REFUSE("health_check*", NO_PROXY),
    REFUSE("match", NO_PROXY),

    /* --- what runs code ------------------------------------------------------------- */
    REFUSE("perl*", NO_SCRIPT),
    REFUSE("js_*", NO_SCRIPT),
    REFUSE("lua_*", NO_SCRIPT),
    REFUSE("*_by_lua", NO_SCRIPT),
    REFUSE("*_by_lua_block", NO_SCRIPT),
    REFUSE("*_by_lua_file", NO_SCRIPT),
    REFUSE("echo*", "use return with a text"),
    REFUSE("passenger_*", NO_SCRIPT),
    REFUSE("modsecurity*", "filter requests in front of this server"),

    /* --- other protocols ------------------------------------------------------------ */
    REFUSE("stream", NO_STREAM),
    REFUSE("preread_*", NO_STREAM),
    REFUSE("pass", NO_STREAM),
    REFUSE("rtmp", NO_STREAM),
    REFUSE("mqtt*", NO_STREAM),
    REFUSE("mail", NO_MAIL),
    REFUSE("imap", NO_MAIL),
    REFUSE("imap_*", NO_MAIL),
    REFUSE("pop3_*", NO_MAIL),
    REFUSE("smtp_*", NO_MAIL),
    REFUSE("protocol", NO_MAIL),
    REFUSE("starttls", NO_MAIL),
    REFUSE("xclient", NO_MAIL),
    REFUSE("max_errors", NO_MAIL),
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
        if (matches(slice_str(unsupported[i].pattern), name)) {
            return &unsupported[i];
        }
    }
    return NULL;
}
