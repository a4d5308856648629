#include "config/dump.h"
#include "config/directives.h"

struct dumper {
    struct buf *out;
    const struct source *source; /* of the statement written last */
    const struct statement *tree;
};

/* --- words -------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return ascii_isdigit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (c != '\0' && strchr("_-./:@=*~^$%+,|&?!<>[]()", c) != NULL) ||
           (c & 0x80) != 0;
}

static bool needs_quotes(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.ptr[i])) {
            return true;
        }
    }
    return text.len == 0;
}

static const struct {
    char byte;
    const char *written;
} escapes[] = {
    {'"', "\\\""}, {'\\', "\\\\"}, {'\t', "\\t"}, {'\r', "\\r"}, {'\n', "\\n"},
};

static void write_quoted_byte(struct buf *out, char c)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (escapes[i].byte == c) {
            buf_append_str(out, escapes[i].written);
            return;
        }
    }
    buf_append_char(out, c);
}

static void write_word(struct buf *out, struct slice text)
{
    if (!needs_quotes(text)) {
        buf_append_slice(out, text);
        return;
    }
    buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        write_quoted_byte(out, text.ptr[i]);
    }
    buf_append_char(out, '"');
}

static void indent(struct buf *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        buf_append_str(out, "    ");
    }
}

/* --- what was not written ----------------------------------------------------------- */

static bool is_in(const struct statement *first, const char *name)
{
    for (; first != NULL; first = first->next) {
        if (slice_eq(first->name.text, slice_str(name))) {
            return true;
        }
    }
    return false;
}

/* Settings of a context that nobody wrote, as comments. */
static void write_defaults(struct dumper *dumper, enum context context,
                           const struct statement *first, unsigned depth)
{
    for (size_t i = 0; i < directive_count; i++) {
        const struct directive *row = &directives[i];
        if (!(row->contexts & (unsigned)context) || row->initial == NULL ||
            is_in(first, row->name)) {
            continue;
        }
        indent(dumper->out, depth);
        buf_printf(dumper->out, "# %s %s;\n", row->name, row->initial);
    }
}

static const struct {
    const char *block;
    enum context context;
} defaulted[] = {
    {"events", CONTEXT_EVENTS},
    {"http", CONTEXT_HTTP},
};

#define DEFAULTED_COUNT (sizeof defaulted / sizeof *defaulted)

/* --- what was ----------------------------------------------------------------------- */

static void write_source(struct dumper *dumper, const struct statement *line,
                         unsigned depth)
{
    if (line->name.at.source == dumper->source) {
        return;
    }
    dumper->source = line->name.at.source;
    indent(dumper->out, depth);
    buf_printf(dumper->out, "# configuration file %s:\n", dumper->source->path);
}

static void write_line(struct dumper *dumper, const struct statement *line,
                       unsigned depth)
{
    write_source(dumper, line, depth);
    indent(dumper->out, depth);
    write_word(dumper->out, line->name.text);
    for (size_t i = 0; i < line->arg_count; i++) {
        buf_append_char(dumper->out, ' ');
        write_word(dumper->out, line->args[i].text);
    }
    buf_append_str(dumper->out, line->is_block ? " {\n" : ";\n");
}

/* At the end of a block: its defaults and its brace. */
static void write_end(struct dumper *dumper, const struct statement *line, unsigned depth)
{
    for (size_t i = 0; depth == 0 && i < DEFAULTED_COUNT; i++) {
        if (slice_eq(line->name.text, slice_str(defaulted[i].block))) {
            write_defaults(dumper, defaulted[i].context, line->first, depth + 1);
        }
    }
    indent(dumper->out, depth);
    buf_append_str(dumper->out, "}\n");
}

static void write_lines(struct dumper *dumper, const struct statement *line,
                        unsigned depth)
{
    for (; line != NULL; line = line->next) {
        write_line(dumper, line, depth);
        if (line->is_block) {
            write_lines(dumper, line->first, depth + 1);
            write_end(dumper, line, depth);
        }
    }
}

/* The table has no text for the default error log: it depends on -e. */
static void write_error_log(struct dumper *dumper, const struct config *config)
{
    for (size_t i = 0; !is_in(config->tree, "error_log") && i < config->error_log->count;
         i++) {
        const struct log_target *log = &config->error_log->targets[i];
        buf_printf(dumper->out, "# error_log %s %s;\n", config->log_files[log->file].path,
                   log_level_name(log->level));
    }
}

static void write_missing_blocks(struct dumper *dumper)
{
    for (size_t i = 0; i < DEFAULTED_COUNT; i++) {
        if (!is_in(dumper->tree, defaulted[i].block)) {
            buf_printf(dumper->out, "%s {\n", defaulted[i].block);
            write_defaults(dumper, defaulted[i].context, NULL, 1);
            buf_append_str(dumper->out, "}\n");
        }
    }
}

void dump_config(const struct config *config, struct buf *out)
{
    struct dumper dumper = {.out = out, .tree = config->tree};
    write_lines(&dumper, config->tree, 0);
    write_missing_blocks(&dumper);
    write_defaults(&dumper, CONTEXT_MAIN, config->tree, 0);
    write_error_log(&dumper, config);
}
