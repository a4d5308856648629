#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"
#include <unistd.h>

#define HOST_NAME_LENGTH 256

static struct slice fold(struct build *build, struct slice name)
{
    char *text = arena_cstr(build->arena, name);
    for (size_t i = 0; i < name.len; i++) {
        text[i] = ascii_lower(text[i]);
    }
    bool dot = name.len > 1 && text[name.len - 1] == '.';
    return slice_of(text, dot ? name.len - 1 : name.len);
}

/* "$hostname" alone stands for the name of this machine. */
static struct slice expand(struct build *build, struct slice name)
{
    char host[HOST_NAME_LENGTH + 1] = "";
    if (slice_eq(name, slice_str("$hostname")) &&
        gethostname(host, HOST_NAME_LENGTH) == 0) {
        return arena_slice(build->arena, slice_str(host));
    }
    return name;
}

/* NULL, or what is wrong with the stars and dots of a name. */
static const char *check_wildcard(struct slice name)
{
    size_t star = slice_find(name, '*');
    if (star == name.len) {
        return slice_eq(name, slice_str(".")) ? "a dot is no name" : NULL;
    }
    bool leading = slice_starts(name, slice_str("*.")) && name.len > 2;
    bool trailing = slice_ends(name, slice_str(".*")) && name.len > 2;
    if (leading == trailing || slice_rfind(name, '*') != star) {
        return "a star stands for whole labels at the start or the end, as in "
               "\"*.example.org\" or \"www.example.*\"";
    }
    return NULL;
}

static bool check_name(struct build *build, const struct directive *row,
                       const struct word *word)
{
    if (slice_starts(word->text, slice_str("~"))) {
        diag_error(build->diag, word->at,
                   "list the names, or use *.name, name.* or .name",
                   "regular expressions in \"server_name\" are not supported yet");
        return false;
    }
    if (slice_find(word->text, '/') < word->text.len ||
        slice_find(word->text, ' ') < word->text.len || build_has_control(word->text)) {
        return build_refuse(build, row, word,
                            "a host name stands alone, without scheme, port and path");
    }
    const char *problem = check_wildcard(word->text);
    return problem == NULL || build_refuse(build, row, word, problem);
}

bool set_server_name(struct build *build, const struct directive *row,
                     const struct statement *statement, void *target)
{
    (void)target;
    bool ok = true;
    for (size_t i = 0; i < statement->arg_count; i++) {
        if (!check_name(build, row, &statement->args[i])) {
            ok = false;
            continue;
        }
        struct word *name = array_push(&build->scope->draft->names, build->scratch);
        *name = statement->args[i];
        name->text = fold(build, expand(build, name->text));
    }
    return ok;
}

bool set_header_buffers(struct build *build, const struct directive *row,
                        const struct statement *statement, void *target)
{
    struct size_pair pair;
    const char *problem = value_number(statement->args[0].text, &pair.count);
    if (problem != NULL) {
        return build_refuse(build, row, &statement->args[0], problem);
    }
    problem = value_size(statement->args[1].text, &pair.size);
    if (problem != NULL) {
        return build_refuse(build, row, &statement->args[1], problem);
    }
    for (size_t i = 0; i < 2; i++) {
        uint64_t value = i == 0 ? pair.count : pair.size;
        if (value < row->min || value > row->max) {
            return build_refuse(build, row, &statement->args[i],
                                value < row->min ? "too small" : "too large");
        }
    }
    *(struct size_pair *)target = pair;
    return true;
}

bool set_keepalive_timeout(struct build *build, const struct directive *row,
                           const struct statement *statement, void *target)
{
    struct keepalive_timeout value = {0};
    int64_t *const places[] = {&value.idle, &value.header};
    for (size_t i = 0; i < statement->arg_count; i++) {
        const char *problem = value_time(statement->args[i].text, places[i]);
        if (problem != NULL) {
            return build_refuse(build, row, &statement->args[i], problem);
        }
    }
    *(struct keepalive_timeout *)target = value;
    return true;
}
