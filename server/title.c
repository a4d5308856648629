#include "server/title.h"
#include "common/buf.h"
#include "common/xalloc.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The bytes of the process that ps reads, and what they held. */
static struct {
    char *start;
    size_t room;
    struct buf command_line;
    char **words;
    char **variables;
} title;

/* In one piece, of which nothing is lost when somebody takes a word out. */
static char **copy_words(char **words)
{
    size_t count = 0;
    size_t bytes = 0;
    for (; words[count] != NULL; count++) {
        bytes += strlen(words[count]) + 1;
    }
    char **copies = xcalloc(1, (count + 1) * sizeof(*copies) + bytes);
    char *at = (char *)(copies + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t room = strlen(words[i]) + 1;
        copies[i] = memcpy(at, words[i], room);
        at += room;
    }
    return copies;
}

/* The kernel lays the words out one behind the other; whoever moved some of them ends the
 * area that is ours. */
static char *end_of_area(char *end, char **words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (words[i] == end) {
            end += strlen(end) + 1;
        }
    }
    return end;
}

static void keep_command_line(char **words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        buf_append_str(&title.command_line, i == 0 ? "" : " ");
        buf_append_str(&title.command_line, words[i]);
    }
    buf_append_char(&title.command_line, '\0');
}

char **title_init(int argc, char **argv)
{
    title.words = copy_words(argv);
    keep_command_line(argv);
    if (argc > 0) {
        title.start = argv[0];
        char *end = end_of_area(end_of_area(argv[0], argv), environ);
        title.room = (size_t)(end - argv[0]);
    }
    title.variables = copy_words(environ);
    environ = title.variables;
    return title.words;
}

void title_set(const char *format, ...)
{
    if (title.room < 2) {
        return;
    }
    char text[1024] = "tinyhttpd: ";
    size_t prefix = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + prefix, sizeof(text) - prefix, format, args);
    va_end(args);
    size_t len = strlen(text);
    size_t kept = len < title.room - 1 ? len : title.room - 1;
    memcpy(title.start, text, kept);
    memset(title.start + kept, 0, title.room - kept);
}

const char *title_command_line(void)
{
    return title.command_line.data == NULL ? "" : title.command_line.data;
}
