#include "config/log_formats.h"
#include "config/setters.h"
#include <assert.h>

static const struct {
    const char *name;
    enum log_escape escape;
    const char *text;
} built_in[] = {
    {"combined", LOG_ESCAPE_DEFAULT,
     "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
     "\"$http_referer\" \"$http_user_agent\""},
    {"json", LOG_ESCAPE_JSON,
     "{\"time\":\"$time_iso8601\",\"remote_addr\":\"$remote_addr\","
     "\"host\":\"$host\",\"method\":\"$request_method\",\"uri\":\"$request_uri\","
     "\"protocol\":\"$server_protocol\",\"status\":$status,"
     "\"bytes\":$body_bytes_sent,\"request_time\":$request_time,"
     "\"referer\":\"$http_referer\",\"user_agent\":\"$http_user_agent\","
     "\"request_id\":\"$request_id\"}"},
};

static const char *const escape_names[] = {
    [LOG_ESCAPE_DEFAULT] = "default",
    [LOG_ESCAPE_JSON] = "json",
    [LOG_ESCAPE_NONE] = "none",
};

#define BUILT_IN_COUNT (sizeof built_in / sizeof *built_in)
#define ESCAPE_COUNT   (sizeof escape_names / sizeof *escape_names)

void log_formats_init(struct build *build)
{
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        struct log_format *format = arena_zero(build->arena, sizeof *format);
        struct word text = {.text = slice_str(built_in[i].text)};
        format->name = slice_str(built_in[i].name);
        format->escape = built_in[i].escape;
        format->is_built_in = true;
        bool ok = template_compile(&format->text, &text, build->arena, build->diag);
        assert(ok);
        (void)ok;
        hash_put(&build->formats, format->name, format);
    }
}

/* "escape=..." in front of the text. */
static bool read_escape(struct build *build, const struct directive *row,
                        const struct word *word, struct log_format *format)
{
    struct slice name = slice_from(word->text, strlen("escape="));
    for (size_t i = 0; i < ESCAPE_COUNT; i++) {
        if (slice_eq(name, slice_str(escape_names[i]))) {
            format->escape = (enum log_escape)i;
            return true;
        }
    }
    return build_refuse(build, row, word, "unknown escaping");
}

/* Adds a text to the end of a template: variables do not reach from word to word. */
static void join(struct build *build, struct template *whole, const struct template *text)
{
    size_t count = whole->count + text->count;
    struct template_part *parts = arena_zero(build->arena, (count + 1) * sizeof *parts);
    if (whole->count > 0) {
        memcpy(parts, whole->parts, whole->count * sizeof *parts);
    }
    if (text->count > 0) {
        memcpy(parts + whole->count, text->parts, text->count * sizeof *parts);
    }
    whole->parts = parts;
    whole->count = (uint32_t)count;
    whole->is_literal = whole->is_literal && text->is_literal;
    whole->literal = slice_str(arena_printf(
        build->arena, "%.*s%.*s", SLICE_ARG(whole->literal), SLICE_ARG(text->literal)));
    whole->source = slice_str(arena_printf(
        build->arena, "%.*s%.*s", SLICE_ARG(whole->source), SLICE_ARG(text->source)));
}

bool set_log_format(struct build *build, const struct directive *row,
                    const struct statement *statement, void *target)
{
    (void)target;
    struct log_format *format = arena_zero(build->arena, sizeof *format);
    format->name = statement->args[0].text;
    format->text.is_literal = true;
    size_t first = 1;
    if (slice_starts(statement->args[1].text, slice_str("escape="))) {
        if (!read_escape(build, row, &statement->args[1], format)) {
            return false;
        }
        first = 2;
    }
    bool ok = true;
    for (size_t i = first; i < statement->arg_count; i++) {
        struct template text = {0};
        ok =
            template_compile(&text, &statement->args[i], build->arena, build->diag) && ok;
        join(build, &format->text, &text);
    }
    const struct log_format *earlier = hash_put(&build->formats, format->name, format);
    if (earlier != NULL && !earlier->is_built_in) {
        return build_refuse(build, row, &statement->args[0], "duplicate name");
    }
    return ok;
}
