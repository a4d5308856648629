#include "server/program.h"
#include "common/slice.h"
#include "common/xalloc.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct program program;

/* The first file of the name in $PATH that may be run; NULL: none. */
static char *search_path(const char *name)
{
    struct slice rest = slice_str(getenv("PATH") == NULL ? "" : getenv("PATH"));
    struct slice folder;
    while (slice_split(&rest, ':', &folder)) {
        char *path = xasprintf("%.*s/%s", SLICE_ARG(folder), name);
        if (folder.len != 0 && folder.ptr[0] == '/' && access(path, X_OK) == 0) {
            return path;
        }
        free(path);
    }
    return NULL;
}

static const char *absolute(const char *name)
{
    if (name[0] == '/') {
        return name;
    }
    char *found = strchr(name, '/') == NULL ? search_path(name) : NULL;
    return found != NULL ? found : xasprintf("%s/%s", program.directory, name);
}

void program_init(char **words)
{
    char here[PATH_MAX];
    program.directory = xstrdup(getcwd(here, sizeof(here)) == NULL ? "/" : here);
    program.path = absolute(words[0] == NULL ? "tinyhttpd" : words[0]);
    program.words = words;
}

const struct program *program_get(void)
{
    return &program;
}
