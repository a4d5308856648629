#include "server/listen_holder.h"
#include "common/fdutil.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INODES_MAX 16
#define TCP_LISTEN 0x0a

/* Sockets in the table of one address family that listen on the port. Those that listen
 * come first in it, and there may be very many others. */
static size_t find_inodes(const char *table, unsigned port, unsigned long *inodes,
                          size_t count)
{
    FILE *file = fopen(table, "re");
    if (file == NULL) {
        return count;
    }
    char line[512];
    while (count < INODES_MAX && fgets(line, sizeof(line), file) != NULL) {
        unsigned local_port;
        unsigned state;
        unsigned long inode;
        int found = sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu",
                           &local_port, &state, &inode);
        if (found == 3 && state != TCP_LISTEN) {
            break;
        }
        if (found == 3 && local_port == port) {
            inodes[count++] = inode;
        }
    }
    fclose(file);
    return count;
}

static bool is_one_of(const char *link, const unsigned long *inodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "socket:[%lu]", inodes[i]);
        if (strcmp(link, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds(const char *pid, const unsigned long *inodes, size_t count)
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return false;
    }
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(dir)) != NULL) {
        char link[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
        if (len > 0) {
            link[len] = '\0';
            found = is_one_of(link, inodes, count);
        }
    }
    closedir(dir);
    return found;
}

static void describe(const char *pid, char text[HOLDER_TEXT_MAX])
{
    char path[300];
    char name[32] = "";
    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(name, sizeof(name), file) != NULL) {
            name[strcspn(name, "\n")] = '\0';
        }
        fclose(file);
    }
    snprintf(text, HOLDER_TEXT_MAX, "process %.10s%s%s%s", pid, name[0] ? " (" : "", name,
             name[0] ? ")" : "");
}

/* The lowest pid that has one of the sockets: of a server and its children the server. */
static bool find_process(const unsigned long *inodes, size_t count,
                         char text[HOLDER_TEXT_MAX])
{
    DIR *dir = opendir("/proc");
    if (dir == NULL) {
        return false;
    }
    long lowest = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && (lowest == 0 || pid < lowest) &&
            holds(entry->d_name, inodes, count)) {
            lowest = pid;
        }
    }
    closedir(dir);
    if (lowest != 0) {
        char pid[24];
        snprintf(pid, sizeof(pid), "%ld", lowest);
        describe(pid, text);
    }
    return lowest != 0;
}

/* The one that called listen() on a unix socket says so itself. */
static bool find_peer(const struct sockaddr_any *addr, char text[HOLDER_TEXT_MAX])
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred peer;
    socklen_t len = sizeof(peer);
    bool found = fd >= 0 && connect(fd, &addr->u.sa, addr->len) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
                 peer.pid > 0;
    fd_close(fd);
    if (found) {
        char pid[24];
        snprintf(pid, sizeof(pid), "%ld", (long)peer.pid);
        describe(pid, text);
    }
    return found;
}

bool listen_holder_find(const struct sockaddr_any *addr, char text[HOLDER_TEXT_MAX])
{
    if (addr->u.sa.sa_family == AF_UNIX) {
        return find_peer(addr, text);
    }
    unsigned long inodes[INODES_MAX];
    unsigned port = sockaddr_port(addr);
    size_t count = find_inodes("/proc/net/tcp", port, inodes, 0);
    count = find_inodes("/proc/net/tcp6", port, inodes, count);
    return count != 0 && find_process(inodes, count, text);
}
