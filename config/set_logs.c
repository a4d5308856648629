#include "config/log_formats.h"
#include "config/scope.h"
#include "config/setters.h"

/* Where a log goes, as an index of the configuration's log files. */
static uint32_t number_of(struct build *build, const struct directive *row,
                          const char *path, struct position at)
{
    uint32_t *number = hash_get(&build->file_numbers, slice_str(path));
    if (number == NULL) {
        number = arena_alloc(build->scratch, sizeof *number);
        *number = (uint32_t)build->log_files.count;
        hash_put(&build->file_numbers, slice_str(path), number);
        struct log_file *file = array_push(&build->log_files, build->arena);
        file->path = path;
        file->directive = row->name;
        file->at = at;
    }
    return *number;
}

/* Refuses what is not a file; else stores its number. */
static bool read_file(struct build *build, const struct directive *row,
                      const struct word *word, uint32_t *number)
{
    if (slice_starts(word->text, slice_str("syslog:"))) {
        return build_refuse(build, row, word, "syslog is not supported yet");
    }
    if (slice_starts(word->text, slice_str("memory:"))) {
        return build_refuse(build, row, word, "logs in memory are not supported");
    }
    if (slice_find(word->text, '$') < word->text.len) {
        return build_refuse(build, row, word,
                            "variables in the path of a log are not supported");
    }
    if (word->text.len == 0) {
        return build_refuse(build, row, word, "empty path");
    }
    bool is_stderr = slice_eq(word->text, slice_str("stderr"));
    const char *path = is_stderr ? "stderr" : build_path(build, word->text);
    *number = number_of(build, row, path, word->at);
    return true;
}

/* --- error_log ---------------------------------------------------------------------- */

bool set_error_log(struct build *build, const struct directive *row,
                   const struct statement *statement, void *target)
{
    const struct log **place = target;
    struct log_target added = {.level = LOG_LEVEL_ERROR};
    if (statement->arg_count == 2 &&
        !log_level_parse(statement->args[1].text, &added.level)) {
        return build_refuse(build, row, &statement->args[1], "not a level");
    }
    if (!read_file(build, row, &statement->args[0], &added.file)) {
        return false;
    }
    const struct log none = {0};
    const struct log *before = *place != NULL ? *place : &none;
    struct log_target *targets =
        build_extend(build, before->targets, before->count, sizeof *targets);
    targets[before->count] = added;
    struct log *log = arena_zero(build->arena, sizeof *log);
    log->targets = targets;
    log->count = before->count + 1;
    *place = log;
    return true;
}

/* --- access_log --------------------------------------------------------------------- */

static bool refuse_gzip(struct build *build, const struct word *word)
{
    diag_error(build->diag, word->at, "let logrotate compress what is rotated",
               "\"access_log\" does not write compressed files");
    return false;
}

static void note_buffering(struct build *build, const struct word *word)
{
    if (build_first_time(build, "access_log buffer")) {
        diag_warn(build->diag, word->at,
                  "lines always go through the logger, which writes many at once",
                  "\"%.*s\" has no effect", SLICE_ARG(word->text));
    }
}

static bool read_format(struct build *build, const struct directive *row,
                        const struct word *word, struct access_log *log)
{
    log->format = hash_get(&build->formats, word->text);
    if (log->format != NULL) {
        return true;
    }
    diag_error(build->diag, word->at,
               "a log_format stands in http, before its name is used; \"combined\" and "
               "\"json\" are built in",
               "\"%s\": unknown log format \"%.*s\"", row->name, SLICE_ARG(word->text));
    return false;
}

/* One word behind the path: an option, or at first the name of a format. */
static bool read_log_word(struct build *build, const struct directive *row,
                          const struct word *argument, struct access_log *log)
{
    struct word word = *argument;
    struct slice condition = slice_str("if=");
    if (slice_starts(word.text, condition)) {
        word.text = slice_from(word.text, condition.len);
        return template_compile(&log->condition, &word, build->arena, build->diag);
    }
    if (slice_starts(word.text, slice_str("buffer=")) ||
        slice_starts(word.text, slice_str("flush="))) {
        note_buffering(build, argument);
        return true;
    }
    if (slice_eq(word.text, slice_str("gzip")) ||
        slice_starts(word.text, slice_str("gzip="))) {
        return refuse_gzip(build, argument);
    }
    if (log->format != NULL) {
        return build_refuse(build, row, argument, "unknown parameter");
    }
    return read_format(build, row, argument, log);
}

bool set_access_log(struct build *build, const struct directive *row,
                    const struct statement *statement, void *target)
{
    struct access_logs *logs = target;
    const struct word *path = &statement->args[0];
    if (slice_eq(path->text, slice_str("off"))) {
        *logs = (struct access_logs){0};
        return statement->arg_count == 1 ||
               build_refuse(build, row, &statement->args[1], "\"off\" stands alone");
    }
    struct access_log log = {0};
    for (size_t i = 1; i < statement->arg_count; i++) {
        if (!read_log_word(build, row, &statement->args[i], &log)) {
            return false;
        }
    }
    if (log.format == NULL) {
        log.format = hash_get(&build->formats, slice_str("combined"));
    }
    if (!read_file(build, row, path, &log.file)) {
        return false;
    }
    struct access_log *items =
        build_extend(build, logs->items, logs->count, sizeof *items);
    items[logs->count++] = log;
    logs->items = items;
    return true;
}
