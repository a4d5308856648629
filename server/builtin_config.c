#include "server/builtin_config.h"
#include "common/buf.h"
#include "common/fdutil.h"
#include "common/xalloc.h"
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where to listen. */
struct place {
    struct sockaddr_any addr;
    bool is_localhost; /* both addresses of it; of `addr` only the port counts */
};

/* A machine without IPv6 refuses the address, or the family altogether. */
static bool has_ipv6(void)
{
    struct sockaddr_any any;
    sockaddr_parse(&any, SLICE("[::1]"), BUILTIN_PORT);
    sockaddr_set_port(&any, 0);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, &any.u.sa, any.len) == 0;
    fd_close(fd);
    return bound;
}

/* What the mode lets `uid` do, its groups aside: S_IROTH and S_IXOTH stand for the class
 * it is in. */
static bool may(const struct stat *st, uid_t uid, mode_t wanted)
{
    return ((st->st_mode >> (st->st_uid == uid ? 6 : 0)) & wanted) == wanted;
}

/* The absolute directory, and each one above it, as `uid` would meet them. */
static bool may_read(const char *directory, uid_t uid)
{
    struct stat st;
    char *path = xstrdup(directory);
    bool allowed = stat(path, &st) == 0 && may(&st, uid, S_IROTH | S_IXOTH);
    for (char *slash; allowed && (slash = strrchr(path, '/')) != path;) {
        *slash = '\0';
        allowed = stat(path, &st) == 0 && may(&st, uid, S_IXOTH);
    }
    free(path);
    return allowed;
}

/* Whom the workers run as when root starts them: the directory's owner ("nobody" would
 * see little of a home directory), nobody for root's, and root where that one sees
 * nothing. NULL means the default. */
static const char *choose_user(const char *directory, const struct stat *st)
{
    if (geteuid() != 0) {
        return NULL;
    }
    const struct passwd *user =
        st->st_uid == 0 ? getpwnam("nobody") : getpwuid(st->st_uid);
    if (user != NULL && !may_read(directory, user->pw_uid)) {
        return "root";
    }
    return user == NULL || st->st_uid == 0 ? NULL : user->pw_name;
}

/* The directory, quoted; one whose name would be taken for a variable is named by way of
 * the prefix. */
static void put_root(struct buf *out, const char *directory)
{
    if (strchr(directory, '$') != NULL) {
        buf_append_str(out, "    root .;\n");
        return;
    }
    buf_append_str(out, "    root \"");
    for (const char *c = directory; *c != '\0'; c++) {
        buf_append_str(out, *c == '"' || *c == '\\' ? "\\" : "");
        buf_append_char(out, *c);
    }
    buf_append_str(out, "\";\n");
}

static void put_listen(struct buf *out, const struct sockaddr_any *addr)
{
    char text[SOCKADDR_TEXT_MAX];
    buf_printf(out, "    listen %.*s;\n", SLICE_ARG(sockaddr_format(addr, true, text)));
}

/* localhost has two addresses where there is IPv6: browsers try either first. */
static void put_localhost(struct buf *out, uint16_t port)
{
    buf_printf(out, "    listen 127.0.0.1:%u;\n", port);
    if (has_ipv6()) {
        buf_printf(out, "    listen [::1]:%u;\n", port);
    }
}

static char *make_text(const char *directory, const char *user, const struct place *place)
{
    struct buf text = {0};
    if (user != NULL) {
        buf_printf(&text, "user %s;\n", user);
    }
    buf_append_str(&text, "daemon off;\n"
                          "error_log stderr warn;\n"
                          "server {\n");
    if (place->is_localhost) {
        put_localhost(&text, sockaddr_port(&place->addr));
    } else {
        put_listen(&text, &place->addr);
    }
    put_root(&text, directory);
    buf_append_str(&text, "    access_log /dev/stdout;\n"
                          "    index index.html;\n"
                          "    autoindex on;\n"
                          "    autoindex_exact_size off;\n"
                          "    log_not_found off;\n"
                          "    charset utf-8;\n"
                          "}\n");
    buf_append_char(&text, '\0');
    return text.data;
}

/* A wildcard is reached as localhost too; a unix socket has no URL. */
static char *make_banner(const char *directory, const struct place *place)
{
    char text[SOCKADDR_TEXT_MAX];
    struct slice where = sockaddr_format(&place->addr, true, text);
    const char *scheme = place->addr.u.sa.sa_family == AF_UNIX ? "" : "http://";
    if (place->is_localhost || sockaddr_is_wildcard(&place->addr)) {
        return xasprintf("tinyhttpd: serving %s on http://localhost:%u/%s - "
                         "press Ctrl-C to stop\n",
                         directory, sockaddr_port(&place->addr),
                         place->is_localhost ? "" : " and every other address");
    }
    return xasprintf("tinyhttpd: serving %s on %s%.*s - press Ctrl-C to stop\n",
                     directory, scheme, SLICE_ARG(where));
}

static const char *choose_place(struct place *place, const char *listen)
{
    struct slice text = listen == NULL ? SLICE("") : slice_str(listen);
    uint64_t port;
    place->is_localhost = text.len == 0 || slice_to_u64(text, &port);
    return sockaddr_parse(&place->addr, text.len == 0 ? SLICE("*") : text, BUILTIN_PORT);
}

const char *builtin_make(struct builtin *out, const char *directory, const char *listen)
{
    *out = (struct builtin){0};
    struct stat st;
    char *absolute = realpath(directory, NULL);
    if (absolute == NULL || stat(absolute, &st) < 0) {
        free(absolute);
        return strerror(errno);
    }
    out->directory = absolute;
    if (!S_ISDIR(st.st_mode)) {
        return "it is not a directory";
    }
    struct place place;
    const char *problem = choose_place(&place, listen);
    if (problem != NULL) {
        return problem;
    }
    out->prefix = xasprintf("%s%s", absolute, strcmp(absolute, "/") == 0 ? "" : "/");
    out->text = make_text(absolute, choose_user(absolute, &st), &place);
    out->banner = make_banner(absolute, &place);
    return NULL;
}

void builtin_free(struct builtin *builtin)
{
    free(builtin->directory);
    free(builtin->prefix);
    free(builtin->text);
    free(builtin->banner);
    *builtin = (struct builtin){0};
}
