#include "config/media_types.h"
#include "config/scope.h"
#include "config/setters.h"
#include "config/values.h"

static bool is_url(struct slice text)
{
    return slice_starts(text, slice_str("http://")) ||
           slice_starts(text, slice_str("https://")) ||
           slice_starts(text, slice_str("$scheme"));
}

/* --- error_page --------------------------------------------------------------------- */

#define ERROR_CODE_MIN 300
#define ERROR_CODE_MAX 599
#define STATUS_MAX     999

static bool read_codes(struct build *build, const struct directive *row,
                       const struct statement *statement, struct error_page *page)
{
    uint16_t *codes = arena_zero(build->arena, page->code_count * sizeof *codes);
    for (size_t i = 0; i < page->code_count; i++) {
        uint64_t code;
        if (value_number(statement->args[i].text, &code) != NULL ||
            code < ERROR_CODE_MIN || code > ERROR_CODE_MAX || code == 499) {
            return build_refuse(build, row, &statement->args[i],
                                "must be a code from 300 to 599, but not 499");
        }
        codes[i] = (uint16_t)code;
    }
    page->codes = codes;
    return true;
}

/* "=" or "=code", the last word but one. */
static bool read_override(struct build *build, const struct directive *row,
                          const struct word *word, struct error_page *page)
{
    struct slice digits = slice_from(word->text, 1);
    if (digits.len == 0) {
        page->override = ERROR_TARGET;
        return true;
    }
    uint64_t code;
    if (value_number(digits, &code) != NULL || code > STATUS_MAX) {
        return build_refuse(build, row, word, "not a status code");
    }
    page->override = ERROR_SET;
    page->status = (unsigned)code;
    return true;
}

bool set_error_page(struct build *build, const struct directive *row,
                    const struct statement *statement, void *target)
{
    struct error_pages *pages = target;
    struct error_page page = {.at = statement->name.at};
    const struct word *uri = &statement->args[statement->arg_count - 1];
    const struct word *before = uri - 1;
    page.code_count = statement->arg_count - 1;
    if (slice_starts(before->text, slice_str("="))) {
        page.code_count--;
        if (!read_override(build, row, before, &page)) {
            return false;
        }
    }
    if (page.code_count == 0) {
        return build_refuse(build, row, before, "no status code before");
    }
    if (!read_codes(build, row, statement, &page) ||
        !template_compile(&page.target, uri, build->arena, build->diag)) {
        return false;
    }
    page.is_url = is_url(uri->text);
    if (!page.is_url && uri->text.len > 0 && strchr("/@$", uri->text.ptr[0]) == NULL) {
        return build_refuse(build, row, uri, "must begin with \"/\", \"@\" or a scheme");
    }
    struct error_page *items =
        build_extend(build, pages->items, pages->count, sizeof *items);
    items[pages->count++] = page;
    pages->items = items;
    return true;
}

/* --- return ------------------------------------------------------------------------- */

#define STATUS_FOUND 302

bool set_return(struct build *build, const struct directive *row,
                const struct statement *statement, void *target)
{
    struct return_rule *rule = arena_zero(build->arena, sizeof(*rule));
    const struct word *first = &statement->args[0];
    const struct word *text = statement->arg_count == 2 ? &statement->args[1] : NULL;
    uint64_t code = STATUS_FOUND;
    if (text == NULL && is_url(first->text)) {
        text = first;
    } else if (value_number(first->text, &code) != NULL || code > STATUS_MAX) {
        return build_refuse(build, row, first, "must be a code up to 999, or a URL");
    }
    if (text != NULL && !template_compile(&rule->text, text, build->arena, build->diag)) {
        return false;
    }
    rule->status = (unsigned)code;
    rule->has_text = text != NULL;
    *(const struct return_rule **)target = rule;
    return true;
}

/* --- types and charset -------------------------------------------------------------- */

static void add_types(struct build *build, struct media_types *types,
                      const struct statement *line)
{
    struct slice type = line->name.text;
    for (size_t i = 0; i < line->arg_count; i++) {
        const struct word *word = &line->args[i];
        const char *earlier = media_types_add(types, word->text, type);
        if (earlier != NULL && !slice_eq(slice_str(earlier), type)) {
            diag_warn(build->diag, word->at, NULL,
                      "extension \"%.*s\" is now \"%.*s\", it was \"%s\" above",
                      SLICE_ARG(word->text), SLICE_ARG(type), earlier);
        }
    }
}

static bool check_types_line(struct build *build, const struct statement *line)
{
    const char *problem = NULL;
    if (line->is_block) {
        problem = "takes no block";
    } else if (slice_find(line->name.text, '/') == line->name.text.len ||
               build_has_control(line->name.text)) {
        problem = "is not a media type";
    } else if (line->arg_count == 0) {
        problem = "has no extensions";
    }
    if (problem != NULL) {
        diag_error(build->diag, line->name.at, "expected: media/type extension ...;",
                   "\"%.*s\" in \"types\" %s", SLICE_ARG(line->name.text), problem);
    }
    return problem == NULL;
}

/* Several blocks on one level fill one table, which replaces the inherited one. */
bool set_types(struct build *build, const struct directive *row,
               const struct statement *statement, void *target)
{
    (void)row;
    struct scope *scope = build->scope;
    if (scope->types == NULL) {
        scope->types = media_types_create(build->arena);
    }
    bool ok = true;
    for (const struct statement *line = statement->first; line != NULL;
         line = line->next) {
        if (check_types_line(build, line)) {
            add_types(build, scope->types, line);
        } else {
            ok = false;
        }
    }
    *(const struct media_types **)target = scope->types;
    return ok;
}

static bool is_token_char(char c)
{
    return ascii_isdigit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool set_charset(struct build *build, const struct directive *row,
                 const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[0];
    if (slice_find(word->text, '$') < word->text.len) {
        return build_refuse(build, row, word, "variables are not supported here");
    }
    if (!is_token(word->text)) {
        return build_refuse(build, row, word, "not the name of a character set");
    }
    bool off = slice_eq(word->text, slice_str("off"));
    *(struct slice *)target = off ? slice_str("") : word->text;
    return true;
}

/* --- add_header and expires --------------------------------------------------------- */

static bool check_field(struct build *build, const struct directive *row,
                        const struct statement *statement)
{
    const struct word *name = &statement->args[0];
    if (!is_token(name->text)) {
        return build_refuse(build, row, name, "not the name of a field");
    }
    if (slice_eq_nocase(name->text, slice_str("Content-Length")) ||
        slice_eq_nocase(name->text, slice_str("Transfer-Encoding"))) {
        return build_refuse(build, row, name, "the server itself frames its responses");
    }
    if (build_has_control(statement->args[1].text)) {
        return build_refuse(build, row, &statement->args[1], "has a control character");
    }
    if (statement->arg_count == 3 &&
        !slice_eq(statement->args[2].text, slice_str("always"))) {
        return build_refuse(build, row, &statement->args[2],
                            "only \"always\" may follow");
    }
    return true;
}

bool set_add_header(struct build *build, const struct directive *row,
                    const struct statement *statement, void *target)
{
    struct added_headers *headers = target;
    struct added_header header = {.name = statement->args[0].text,
                                  .always = statement->arg_count == 3};
    if (!check_field(build, row, statement) ||
        !template_compile(&header.value, &statement->args[1], build->arena,
                          build->diag)) {
        return false;
    }
    struct added_header *items =
        build_extend(build, headers->items, headers->count, sizeof *items);
    items[headers->count++] = header;
    headers->items = items;
    return true;
}

static const struct {
    const char *name;
    enum expires_kind kind;
} expires_words[] = {
    {"off", EXPIRES_OFF},
    {"epoch", EXPIRES_EPOCH},
    {"max", EXPIRES_MAX},
};

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* [+|-|@]time. Returns NULL, or what is wrong. */
static const char *read_expires_time(struct slice text, bool modified,
                                     struct expires *value)
{
    char sign = text.len > 0 ? text.ptr[0] : '\0';
    bool has_sign = sign == '+' || sign == '-' || sign == '@';
    const char *problem =
        value_time(slice_from(text, has_sign ? 1 : 0), &value->milliseconds);
    if (problem != NULL) {
        return problem;
    }
    value->kind = modified ? EXPIRES_MODIFIED : EXPIRES_ACCESS;
    if (sign == '-') {
        value->milliseconds = -value->milliseconds;
    }
    if (sign == '@') {
        value->kind = EXPIRES_DAILY;
        if (modified) {
            return "a time of day cannot be \"modified\"";
        }
        return value->milliseconds > DAY_MS ? "a day has 24 hours" : NULL;
    }
    return NULL;
}

bool set_expires(struct build *build, const struct directive *row,
                 const struct statement *statement, void *target)
{
    const struct word *word = &statement->args[statement->arg_count - 1];
    bool modified = statement->arg_count == 2;
    struct expires value = {0};
    if (modified && !slice_eq(statement->args[0].text, slice_str("modified"))) {
        return build_refuse(build, row, &statement->args[0], "expected \"modified\"");
    }
    if (slice_starts(word->text, slice_str("$"))) {
        return build_refuse(build, row, word, "variables are not supported here");
    }
    for (size_t i = 0; !modified && i < sizeof expires_words / sizeof *expires_words;
         i++) {
        if (slice_eq(word->text, slice_str(expires_words[i].name))) {
            value.kind = expires_words[i].kind;
            *(struct expires *)target = value;
            return true;
        }
    }
    const char *problem = read_expires_time(word->text, modified, &value);
    if (problem != NULL) {
        return build_refuse(build, row, word, problem);
    }
    *(struct expires *)target = value;
    return true;
}
