#include "config/compare.h"
#include "common/escape.h"
#include "config/pairing.h"
#include <assert.h>

#define COMPARE_CHUNK 65536

struct comparison {
    const struct config *configs[SIDE_COUNT];
    struct arena *arena; /* gone at the end */
    struct buf *out;
    size_t lines; /* also those that were not written */
};

/* --- lines -------------------------------------------------------------------------- */

/* False when there are enough lines: this one is only counted. */
static bool begin_line(struct comparison *comparison)
{
    return comparison->lines++ < COMPARE_LINES_MAX;
}

static void append_name(struct buf *out, struct slice name)
{
    bool is_long = name.len > COMPARE_NAME_MAX;
    escape_log(out, is_long ? slice_of(name.ptr, COMPARE_NAME_MAX) : name);
    buf_append_str(out, is_long ? "..." : "");
}

static struct slice or_unnamed(struct slice name)
{
    return name.len > 0 ? name : SLICE("unnamed");
}

static void end_lines(struct comparison *comparison)
{
    if (comparison->lines == 0) {
        buf_append_str(comparison->out, "nothing changed\n");
    } else if (comparison->lines > COMPARE_LINES_MAX) {
        size_t rest = comparison->lines - COMPARE_LINES_MAX;
        buf_printf(comparison->out, "and %zu more %s\n", rest,
                   rest == 1 ? "change" : "changes");
    }
}

/* --- listeners ---------------------------------------------------------------------- */

static struct slice address_text(struct comparison *comparison,
                                 const struct sockaddr_any *addr)
{
    char text[SOCKADDR_TEXT_MAX];
    return arena_slice(comparison->arena, sockaddr_format(addr, true, text));
}

/* The sockets of one side that the other does not have. */
static void compare_sockets(struct comparison *comparison, enum side side,
                            const char *title)
{
    const struct config *config = comparison->configs[side];
    const struct config *other = comparison->configs[side == BEFORE ? AFTER : BEFORE];
    struct hash known;
    hash_init(&known, comparison->arena);
    for (size_t i = 0; i < other->socket_count; i++) {
        hash_put(&known, address_text(comparison, &other->sockets[i]->addr),
                 other->sockets[i]);
    }
    for (size_t i = 0; i < config->socket_count; i++) {
        struct slice text = address_text(comparison, &config->sockets[i]->addr);
        if (hash_get(&known, text) == NULL && begin_line(comparison)) {
            buf_append_str(comparison->out, title);
            escape_log(comparison->out, text);
            buf_append_char(comparison->out, '\n');
        }
    }
}

static void put_addresses(struct comparison *comparison, struct hash *known,
                          const struct listen_socket *socket)
{
    for (size_t i = 0; i < socket->address_count; i++) {
        hash_put(known, address_text(comparison, &socket->addresses[i]->addr),
                 socket->addresses[i]);
    }
}

static void compare_default(struct comparison *comparison, const struct hash *known,
                            const struct listen_address *address)
{
    struct slice text = address_text(comparison, &address->addr);
    const struct listen_address *earlier = hash_get(known, text);
    if (earlier == NULL ||
        slice_eq(earlier->default_server->name, address->default_server->name) ||
        !begin_line(comparison)) {
        return;
    }
    struct buf *out = comparison->out;
    buf_append_str(out, "default server of ");
    escape_log(out, text);
    buf_append_str(out, ": now ");
    append_name(out, or_unnamed(address->default_server->name));
    buf_append_str(out, ", was ");
    append_name(out, or_unnamed(earlier->default_server->name));
    buf_append_char(out, '\n');
}

static void compare_defaults(struct comparison *comparison)
{
    const struct config *before = comparison->configs[BEFORE];
    const struct config *after = comparison->configs[AFTER];
    struct hash known;
    hash_init(&known, comparison->arena);
    for (size_t i = 0; i < before->socket_count; i++) {
        put_addresses(comparison, &known, before->sockets[i]);
    }
    for (size_t i = 0; i < after->socket_count; i++) {
        for (size_t j = 0; j < after->sockets[i]->address_count; j++) {
            compare_default(comparison, &known, after->sockets[i]->addresses[j]);
        }
    }
}

/* --- what changed in a block -------------------------------------------------------- */

enum change {
    LOCATIONS_ADDED,
    LOCATIONS_REMOVED,
    LOCATIONS_CHANGED,
    SETTINGS_CHANGED,
    CHANGE_COUNT,
};

static const struct {
    const char *title;
    const char *separator; /* from the changes before it */
} change_texts[CHANGE_COUNT] = {
    [LOCATIONS_ADDED] = {"location added: ", ""},
    [LOCATIONS_REMOVED] = {"location removed: ", ", "},
    [LOCATIONS_CHANGED] = {"location changed: ", ", "},
    [SETTINGS_CHANGED] = {"settings changed: ", "; "},
};

struct changes {
    struct slice names[CHANGE_COUNT][COMPARE_NAMES_MAX];
    size_t counts[CHANGE_COUNT];
    size_t total;
};

static enum change classify(const struct group *group, const struct entry *entry)
{
    if (!statement_is(entry->line, "location")) {
        return SETTINGS_CHANGED;
    }
    if (group->counts[BEFORE] == 0) {
        return LOCATIONS_ADDED;
    }
    return group->counts[AFTER] == 0 ? LOCATIONS_REMOVED : LOCATIONS_CHANGED;
}

static void note_change(struct changes *changes, const struct group *group)
{
    const struct entry *entry = group->entries[group->counts[AFTER] > 0 ? AFTER : BEFORE];
    enum change change = classify(group, entry);
    size_t index = changes->counts[change]++;
    if (index < COMPARE_NAMES_MAX) {
        changes->names[change][index] =
            change == SETTINGS_CHANGED ? entry->name : entry->label;
    }
    changes->total++;
}

static struct changes find_changes(struct pairing *pairing)
{
    struct changes changes = {0};
    struct group group;
    while (pairing_next(pairing, &group)) {
        if (!pairing_same_group(pairing, &group)) {
            note_change(&changes, &group);
        }
    }
    return changes;
}

static void append_change(struct buf *out, const struct changes *changes,
                          enum change change)
{
    size_t count = changes->counts[change];
    size_t shown = count < COMPARE_NAMES_MAX ? count : COMPARE_NAMES_MAX;
    buf_append_str(out, change_texts[change].title);
    for (size_t i = 0; i < shown; i++) {
        buf_append_str(out, i > 0 ? ", " : "");
        append_name(out, changes->names[change][i]);
    }
    if (count > shown) {
        buf_printf(out, " and %zu more", count - shown);
    }
}

static void append_changes(struct buf *out, const struct changes *changes)
{
    bool is_first = true;
    for (size_t i = 0; i < CHANGE_COUNT; i++) {
        if (changes->counts[i] > 0) {
            buf_append_str(out, is_first ? "" : change_texts[i].separator);
            append_change(out, changes, (enum change)i);
            is_first = false;
        }
    }
    buf_append_char(out, '\n');
}

/* --- servers ------------------------------------------------------------------------ */

static struct slice server_label(struct comparison *comparison,
                                 const struct statement *line,
                                 const struct server *server)
{
    const struct statement *listen = server->name.len > 0 ? NULL : line->first;
    while (listen != NULL && !statement_is(listen, "listen")) {
        listen = listen->next;
    }
    if (listen == NULL) {
        return or_unnamed(server->name);
    }
    return slice_str(
        arena_printf(comparison->arena, "listen %s", listen->args[0].text.ptr));
}

/* Begins a line: "server added: example.org (site.conf:12)". */
static void append_server(struct comparison *comparison, const char *title,
                          const struct entry *entry)
{
    const struct position *at = &entry->line->name.at;
    buf_append_str(comparison->out, title);
    append_name(comparison->out, entry->label);
    buf_append_str(comparison->out, " (");
    escape_log(comparison->out, slice_str(at->source->path));
    buf_printf(comparison->out, ":%u)", at->line);
}

static void report_alone(struct comparison *comparison, const char *title,
                         const struct entry *entry)
{
    if (begin_line(comparison)) {
        append_server(comparison, title, entry);
        buf_append_char(comparison->out, '\n');
    }
}

static void compare_pair(struct comparison *comparison, const struct entry *before,
                         const struct entry *after)
{
    struct pairing pairing =
        pairing_of_blocks(comparison->arena, before->line->first, after->line->first);
    struct changes changes = find_changes(&pairing);
    if (changes.total > 0 && begin_line(comparison)) {
        append_server(comparison, "server changed: ", after);
        buf_append_str(comparison->out, ": ");
        append_changes(comparison->out, &changes);
    }
}

static bool same_servers(const struct entry *a, const struct entry *b)
{
    return pairing_same_lines(a->line->first, b->line->first);
}

/* Drops servers that are the same from the start and the end of a group, so that one more
 * or less among equals does not move the numbers of all that follow it. */
static void drop_same(struct group *group)
{
    const struct entry **entries = group->entries;
    size_t *counts = group->counts;
    while (counts[BEFORE] > 0 && counts[AFTER] > 0 &&
           same_servers(entries[BEFORE], entries[AFTER])) {
        for (size_t i = 0; i < SIDE_COUNT; i++) {
            entries[i]++;
            counts[i]--;
        }
    }
    while (counts[BEFORE] > 0 && counts[AFTER] > 0 &&
           same_servers(&entries[BEFORE][counts[BEFORE] - 1],
                        &entries[AFTER][counts[AFTER] - 1])) {
        counts[BEFORE]--;
        counts[AFTER]--;
    }
}

static void compare_server_group(struct comparison *comparison, struct group *group)
{
    drop_same(group);
    for (size_t i = 0; i < group->counts[BEFORE] || i < group->counts[AFTER]; i++) {
        if (i >= group->counts[BEFORE]) {
            report_alone(comparison, "server added: ", &group->entries[AFTER][i]);
        } else if (i >= group->counts[AFTER]) {
            report_alone(comparison, "server removed: ", &group->entries[BEFORE][i]);
        } else {
            compare_pair(comparison, &group->entries[BEFORE][i],
                         &group->entries[AFTER][i]);
        }
    }
}

static void compare_servers(struct comparison *comparison, struct pairing *servers)
{
    struct group group;
    while (pairing_next(servers, &group)) {
        compare_server_group(comparison, &group);
    }
}

/* --- levels ------------------------------------------------------------------------- */

/* What is compared by itself. Servers stand in http or beside it. */
enum level {
    LEVEL_MAIN,
    LEVEL_EVENTS,
    LEVEL_HTTP,
    LEVEL_SERVERS,
    LEVEL_COUNT,
};

static const char *const level_titles[LEVEL_SERVERS] = {
    [LEVEL_MAIN] = "main ",
    [LEVEL_EVENTS] = "events ",
    [LEVEL_HTTP] = "http ",
};

/* The order of servers in the tree is that of config->servers. */
static void add_server(struct comparison *comparison, struct pairing *servers,
                       enum side side, const struct statement *line)
{
    const struct config *config = comparison->configs[side];
    size_t index = servers->entries[side].count;
    assert(index < config->server_count);
    const struct server *server = config->servers[index];
    assert(server->at.source == line->name.at.source &&
           server->at.line == line->name.at.line);
    struct slice label = server_label(comparison, line, server);
    pairing_add(servers, side, (struct entry){.label = label, .line = line});
}

/* Spreads the statements of main, and of events and http in it, over the levels. */
static void collect_levels(struct comparison *comparison, enum side side,
                           const struct statement *line, enum level level,
                           struct pairing levels[LEVEL_COUNT])
{
    for (; line != NULL; line = line->next) {
        if (statement_is(line, "server")) {
            add_server(comparison, &levels[LEVEL_SERVERS], side, line);
        } else if (statement_is(line, "events")) {
            collect_levels(comparison, side, line->first, LEVEL_EVENTS, levels);
        } else if (statement_is(line, "http")) {
            collect_levels(comparison, side, line->first, LEVEL_HTTP, levels);
        } else {
            pairing_add_line(&levels[level], side, line);
        }
    }
}

static void compare_settings(struct comparison *comparison, const char *title,
                             struct pairing *level)
{
    struct changes changes = find_changes(level);
    if (changes.total > 0 && begin_line(comparison)) {
        buf_append_str(comparison->out, title);
        append_changes(comparison->out, &changes);
    }
}

static void compare_levels(struct comparison *comparison)
{
    struct pairing levels[LEVEL_COUNT];
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        levels[i] = pairing_create(comparison->arena);
    }
    for (size_t i = 0; i < SIDE_COUNT; i++) {
        collect_levels(comparison, (enum side)i, comparison->configs[i]->tree, LEVEL_MAIN,
                       levels);
    }
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        pairing_sort(&levels[i]);
    }
    for (size_t i = 0; i < LEVEL_SERVERS; i++) {
        compare_settings(comparison, level_titles[i], &levels[i]);
    }
    compare_servers(comparison, &levels[LEVEL_SERVERS]);
}

void compare_configs(const struct config *before, const struct config *after,
                     struct buf *out)
{
    struct comparison comparison = {.configs = {before, after}, .out = out};
    comparison.arena = arena_create(COMPARE_CHUNK);
    compare_sockets(&comparison, AFTER, "listener added: ");
    compare_sockets(&comparison, BEFORE, "listener removed: ");
    compare_defaults(&comparison);
    compare_levels(&comparison);
    arena_destroy(comparison.arena);
    end_lines(&comparison);
}
