#include "server/control_address.h"
#include "common/xalloc.h"
#include "server/control.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

char *control_address(struct control_address *address, const char *pid_path)
{
    *address = (struct control_address){.u.un.sun_family = AF_UNIX};
    char *path = xasprintf("%s%s", pid_path, CONTROL_SUFFIX);
    size_t len = strlen(path);
    if (len >= sizeof(address->u.un.sun_path)) {
        free(path);
        errno = ENAMETOOLONG;
        return NULL;
    }
    memcpy(address->u.un.sun_path, path, len + 1);
    address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return path;
}
