#include "server/report.h"
#include "common/fdutil.h"
#include <unistd.h>

void report_print(const struct diagnostics *diag, bool quiet)
{
    ARRAY_EACH(struct diagnosis, diagnosis, &diag->items)
    {
        if (!quiet || diagnosis->level == LOG_LEVEL_EMERG) {
            struct buf text = {0};
            diag_format(diagnosis, &text);
            fd_write_all(STDERR_FILENO, text.data, text.len);
            buf_free(&text);
        }
    }
}

void report_log(const struct diagnostics *diag, size_t first)
{
    for (size_t i = first; i < diag->items.count; i++) {
        const struct diagnosis *diagnosis = array_at(&diag->items, i);
        struct buf text = {0};
        diag_format_short(diagnosis, &text);
        log_write(NULL, diagnosis->level, "%.*s", SLICE_ARG(buf_slice(&text)));
        buf_free(&text);
    }
}
