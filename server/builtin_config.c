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

/* Started by root for somebody's directory, the workers run as its owner: "nobody" would
 * see little of a home directory. */
static void put_user(struct buf *out, const struct stat *st)
{
    const struct passwd *owner = getpwuid(st->st_uid);
    if (geteuid() == 0 && st->st_uid != 0 && owner != NULL) {
        buf_printf(out, "user %s;\n", owner->pw_name);
    }
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

static char *make_text(const char *directory, const struct stat *st)
{
    struct buf text = {0};
    put_user(&text, st);
    buf_append_str(&text, "daemon off;\n"
                          "error_log stderr warn;\n");
    buf_printf(&text, "server {\n    listen *:%d;\n", BUILTIN_PORT);
    if (has_ipv6()) {
        buf_printf(&text, "    listen [::]:%d;\n", BUILTIN_PORT);
    }
    put_root(&text, directory);
    buf_append_str(&text, "    access_log /dev/stdout;\n"
                          "    index index.html;\n"
                          "    autoindex on;\n"
                          "    charset utf-8;\n"
                          "}\n");
    buf_append_char(&text, '\0');
    return text.data;
}

const char *builtin_make(struct builtin *out, const char *directory)
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
    out->prefix = xasprintf("%s%s", absolute, strcmp(absolute, "/") == 0 ? "" : "/");
    out->text = make_text(absolute, &st);
    out->banner = xasprintf("tinyhttpd: serving %s on http://localhost:%d/ - "
                            "press Ctrl-C to stop\n",
                            absolute, BUILTIN_PORT);
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
