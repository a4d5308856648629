#include "server/proc_status.h"
#include "common/buf.h"
#include "common/fdutil.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MAX 8192

long proc_status_number(pid_t pid, const char *label)
{
    char path[64];
    char line[64];
    snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    snprintf(line, sizeof(line), "\n%s:", label);
    struct buf status = {.limit = STATUS_MAX};
    bool read = fd_read_file(path, &status) == 0 && buf_append_char(&status, '\0');
    const char *found = read ? strstr(status.data, line) : NULL;
    long number = found == NULL ? 0 : strtol(found + strlen(line), NULL, 10);
    buf_free(&status);
    return number;
}
