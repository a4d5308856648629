#include "server/status_format.h"
#include <string.h>

#define NAME_WIDTH  18 /* of the lines of the server */
#define CELL_MAX    60
#define COLUMNS_MAX 16
#define NOTE        "      "
#define CUT         ".."

/* --- values ------------------------------------------------------------------------- */

/* Printable ASCII as it is, and \xHH; line feeds are the caller's. */
static void put_plain(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= 0x20 && c <= 0x7e) {
            buf_append_char(out, c);
        } else {
            buf_printf(out, "\\x%02X", (unsigned char)c);
        }
    }
}

static void put_time(struct buf *out, int64_t ms)
{
    long long n = ms;
    long long seconds = n / 1000;
    if (n < 0) {
        buf_append_char(out, '-');
    } else if (n < 1000) {
        buf_printf(out, "%lldms", n);
    } else if (seconds < 60) {
        buf_printf(out, "%lld.%llds", seconds, n % 1000 / 100);
    } else if (seconds < 3600) {
        buf_printf(out, "%lldm%02llds", seconds / 60, seconds % 60);
    } else if (seconds < 86400) {
        buf_printf(out, "%lldh%02lldm", seconds / 3600, seconds / 60 % 60);
    } else {
        buf_printf(out, "%lldd%02lldh", seconds / 86400, seconds / 3600 % 24);
    }
}

/* Powers of 1024, with at most four characters before the unit. */
static void put_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"", "K", "M", "G", "T", "P", "E"};
    size_t unit = 0;
    uint64_t tenths = bytes < UINT64_MAX / 10 ? bytes * 10 : UINT64_MAX;
    while (tenths >= 10240 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        tenths /= 1024;
        unit++;
    }
    if (unit == 0 || tenths >= 1000) {
        buf_printf(out, "%llu%s", (unsigned long long)tenths / 10, units[unit]);
    } else {
        buf_printf(out, "%llu.%llu%s", (unsigned long long)tenths / 10,
                   (unsigned long long)tenths % 10, units[unit]);
    }
}

static void put_rate(struct buf *out, uint64_t thousandths)
{
    unsigned long long whole = thousandths / 1000;
    if (whole >= 10 || thousandths == 0) {
        buf_printf(out, "%llu/s", whole);
    } else {
        buf_printf(out, "%llu.%llu/s", whole, (unsigned long long)thousandths / 100 % 10);
    }
}

static void put_value(struct buf *out, const struct status_field *field,
                      const void *object)
{
    const void *value = (const char *)object + field->offset;
    switch (field->kind) {
    case STATUS_TEXT:
        put_plain(out, slice_str(*(const char *const *)value));
        break;
    case STATUS_TIME:
        put_time(out, *(const int64_t *)value);
        break;
    case STATUS_RATE:
        put_rate(out, *(const uint64_t *)value);
        break;
    case STATUS_BYTES:
        put_bytes(out, *(const uint64_t *)value);
        break;
    default:
        buf_append_u64(out, *(const uint64_t *)value);
    }
}

/* --- lines -------------------------------------------------------------------------- */

/* What came since `start` is the end of a line: at most `columns` of the line stay. */
static void end_line(struct buf *out, size_t start, size_t columns)
{
    if (out->len - start > columns) {
        out->len = start + columns;
        for (size_t i = 0; i < strlen(CUT) && i < columns; i++) {
            out->data[out->len - 1 - i] = CUT[i];
        }
    }
    while (out->len > start && out->data[out->len - 1] == ' ') {
        out->len--;
    }
    buf_append_char(out, '\n');
}

static void put_spaces(struct buf *out, size_t count)
{
    buf_printf(out, "%*s", (int)count, "");
}

/* Lines of a text, each cut to the width, all of them below the first. */
static void put_lines(struct buf *out, const char *text)
{
    struct slice rest = slice_str(text), line;
    bool first = true;
    while (slice_split(&rest, '\n', &line)) {
        put_spaces(out, first ? 0 : NAME_WIDTH);
        size_t start = out->len - NAME_WIDTH;
        put_plain(out, line);
        end_line(out, start, STATUS_COLUMNS);
        first = false;
    }
}

static void put_server_line(struct buf *out, const struct status_field *field,
                            const struct status *status)
{
    const char *text = NULL;
    if (field->kind == STATUS_TEXT) {
        text = *(const char *const *)((const char *)status + field->offset);
        if (text == NULL) {
            return;
        }
    }
    buf_printf(out, "%-*s", NAME_WIDTH, field->name);
    if (text != NULL) {
        put_lines(out, text);
        return;
    }
    put_value(out, field, status);
    buf_append_char(out, '\n');
}

static void put_server(struct buf *out, const struct status *status)
{
    for (const struct status_field *field = status_server_fields; field->name != NULL;
         field++) {
        bool meant = field->place == STATUS_LINE;
        bool age = field->offset == offsetof(struct status, last_restart_age);
        if (meant || (age && status->last_restart != NULL)) {
            put_server_line(out, field, status);
        }
    }
}

/* --- tables ------------------------------------------------------------------------- */

struct table {
    const struct status_field *columns[COLUMNS_MAX];
    size_t widths[COLUMNS_MAX];
    size_t count;
    size_t gap;
    struct buf cell;
};

static const char *heading(const struct status_field *field)
{
    return field->heading == NULL ? field->name : field->heading;
}

static void table_open(struct table *table, const struct status_field *fields, bool top)
{
    *table = (struct table){.gap = 2};
    for (const struct status_field *field = fields; field->name != NULL; field++) {
        bool shown = field->place == STATUS_BOTH || (!top && field->place == STATUS_ROW);
        if (shown && table->count < COLUMNS_MAX) {
            table->columns[table->count] = field;
            table->widths[table->count++] = strlen(heading(field));
        }
    }
}

static struct slice cell(struct table *table, size_t column, const void *object)
{
    buf_clear(&table->cell);
    put_value(&table->cell, table->columns[column], object);
    struct slice text = buf_slice(&table->cell);
    return text.len > CELL_MAX ? slice_of(text.ptr, CELL_MAX) : text;
}

static void table_measure(struct table *table, const void *object)
{
    for (size_t i = 0; i < table->count; i++) {
        size_t len = cell(table, i, object).len;
        table->widths[i] = len > table->widths[i] ? len : table->widths[i];
    }
}

/* One column of space between cells where two would be too wide. */
static void table_fit(struct table *table)
{
    size_t width = 0;
    for (size_t i = 0; i < table->count; i++) {
        width += table->widths[i] + table->gap;
    }
    table->gap = width - table->gap > STATUS_COLUMNS ? 1 : table->gap;
}

static void put_cell(struct buf *out, const struct table *table, size_t column,
                     struct slice text)
{
    bool left = table->columns[column]->kind == STATUS_TEXT;
    size_t fill = table->widths[column] > text.len ? table->widths[column] - text.len : 0;
    put_spaces(out, column == 0 ? 0 : table->gap);
    put_spaces(out, left ? 0 : fill);
    buf_append_slice(out, text);
    put_spaces(out, left ? fill : 0);
}

static void table_heading(struct buf *out, const struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        put_cell(out, table, i, slice_str(heading(table->columns[i])));
    }
}

static void table_row(struct buf *out, struct table *table, const void *object)
{
    for (size_t i = 0; i < table->count; i++) {
        put_cell(out, table, i, cell(table, i, object));
    }
}

/* --- the tables of a status --------------------------------------------------------- */

/* Of a listener without a queue there is only the address. */
static void put_listeners(struct buf *out, const struct status *status)
{
    struct table table;
    table_open(&table, status_listener_fields, false);
    for (size_t i = 0; i < status->listener_count; i++) {
        table_measure(&table, &status->listeners[i]);
    }
    size_t start = out->len;
    table_heading(out, &table);
    end_line(out, start, STATUS_COLUMNS);
    for (size_t i = 0; i < status->listener_count; i++) {
        const struct status_listener *listener = &status->listeners[i];
        start = out->len;
        if (listener->counted) {
            table_row(out, &table, listener);
        } else {
            put_cell(out, &table, 0, cell(&table, 0, listener));
            put_cell(out, &table, 1, SLICE("-"));
            put_cell(out, &table, 2, SLICE("-"));
        }
        end_line(out, start, STATUS_COLUMNS);
    }
    buf_free(&table.cell);
}

static void put_part(struct buf *out, const char *before, const char *text, size_t most)
{
    if (text != NULL) {
        struct slice whole = slice_str(text);
        buf_append_str(out, before);
        put_plain(out, whole.len > most ? slice_of(whole.ptr, most) : whole);
    }
}

/* The longest part comes last: it is the one that is cut. */
static void put_request(struct buf *out, const struct status_request *request)
{
    put_time(out, request->age);
    put_part(out, " ", request->phase, 24);
    put_part(out, ", ", request->peer, 46);
    put_part(out, " to ", request->host, 40);
    put_part(out, ": ", request->line, SIZE_MAX);
}

static void put_notes(struct buf *out, const struct status_worker *worker)
{
    size_t start = out->len;
    if (worker->request != NULL) {
        buf_append_str(out, NOTE "request: ");
        put_request(out, worker->request);
        end_line(out, start, STATUS_COLUMNS);
    }
    start = out->len;
    if (worker->restarts != 0) {
        buf_printf(out, NOTE "restarts: %llu, ", (unsigned long long)worker->restarts);
        put_time(out, worker->last_restart_age);
        put_part(out, " ago: ", worker->last_restart, SIZE_MAX);
        end_line(out, start, STATUS_COLUMNS);
    }
    if (worker->accept_errors != 0) {
        buf_printf(out, NOTE "accept_errors: %llu\n",
                   (unsigned long long)worker->accept_errors);
    }
    if (worker->log_drops != 0) {
        buf_printf(out, NOTE "log_drops: %llu\n", (unsigned long long)worker->log_drops);
    }
}

static void open_workers(struct table *table, const struct status *status, bool top)
{
    table_open(table, status_worker_fields, top);
    for (size_t i = 0; i < status->worker_count; i++) {
        table_measure(table, &status->workers[i]);
    }
}

static void put_workers(struct buf *out, const struct status *status)
{
    struct table table;
    open_workers(&table, status, false);
    table_fit(&table);
    size_t start = out->len;
    table_heading(out, &table);
    end_line(out, start, STATUS_COLUMNS);
    for (size_t i = 0; i < status->worker_count; i++) {
        start = out->len;
        table_row(out, &table, &status->workers[i]);
        end_line(out, start, STATUS_COLUMNS);
        put_notes(out, &status->workers[i]);
    }
    buf_free(&table.cell);
}

void status_text(const struct status *status, struct buf *out)
{
    put_server(out, status);
    buf_append_char(out, '\n');
    put_listeners(out, status);
    buf_append_char(out, '\n');
    put_workers(out, status);
}

/* --- top ---------------------------------------------------------------------------- */

static void put_identity(struct buf *out, const struct status *status)
{
    buf_printf(out, "tinyhttpd %s  pid %llu  %s for ", status->version,
               (unsigned long long)status->pid, status->state);
    put_time(out, status->uptime);
    buf_printf(out, "  generation %llu", (unsigned long long)status->generation);
    if (status->draining != 0) {
        buf_printf(out, ", %llu before it draining",
                   (unsigned long long)status->draining);
    }
}

static void put_load(struct buf *out, const struct status *status)
{
    uint64_t queue = 0;
    for (size_t i = 0; i < status->listener_count; i++) {
        queue += status->listeners[i].queue;
    }
    put_rate(out, status->rate);
    buf_printf(out,
               "  requests %llu  connections %llu: %llu reading, %llu writing, "
               "%llu waiting  queued %llu  sent ",
               (unsigned long long)status->requests,
               (unsigned long long)status->connections,
               (unsigned long long)status->reading, (unsigned long long)status->writing,
               (unsigned long long)status->waiting, (unsigned long long)queue);
    put_bytes(out, status->sent);
}

/* Troubles first; the verdict may be long. */
static void put_news(struct buf *out, const struct status *status)
{
    buf_printf(
        out, "restarts %llu  log_drops %llu  %s: ", (unsigned long long)status->restarts,
        (unsigned long long)status->log_drops, status->verdict);
    if (status->verdict_text != NULL) {
        struct slice text = slice_str(status->verdict_text);
        put_plain(out, slice_of(text.ptr, slice_find(text, '\n')));
    }
}

void status_top(const struct status *status, size_t columns, struct buf *out)
{
    static void (*const heads[])(struct buf *, const struct status *) = {
        put_identity, put_load, put_news};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t start = out->len;
        heads[i](out, status);
        end_line(out, start, columns);
    }
    buf_append_char(out, '\n');
    struct table table;
    open_workers(&table, status, true);
    size_t start = out->len;
    table_heading(out, &table);
    buf_append_str(out, "  request");
    end_line(out, start, columns);
    for (size_t i = 0; i < status->worker_count; i++) {
        const struct status_worker *worker = &status->workers[i];
        start = out->len;
        table_row(out, &table, worker);
        buf_append_str(out, "  ");
        if (worker->request != NULL) {
            put_request(out, worker->request);
        }
        end_line(out, start, columns);
    }
    buf_free(&table.cell);
}
