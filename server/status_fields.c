#include "server/status.h"

#define ROW(type, name, heading, kind, place)                                            \
    {                                                                                    \
#name, heading, STATUS_##kind, STATUS_##place, offsetof(struct type, name)       \
    }
#define END                                                                              \
    {                                                                                    \
        NULL, NULL, STATUS_COUNT, STATUS_HIDDEN, 0                                       \
    }

const struct status_field status_server_fields[] = {
    ROW(status, version, NULL, TEXT, LINE),
    ROW(status, config, NULL, TEXT, LINE),
    ROW(status, pid, NULL, COUNT, LINE),
    ROW(status, uptime, NULL, TIME, LINE),
    ROW(status, state, NULL, TEXT, LINE),
    ROW(status, generation, NULL, COUNT, LINE),
    ROW(status, draining, NULL, COUNT, LINE),
    ROW(status, logger, NULL, COUNT, LINE),
    ROW(status, connections, NULL, COUNT, LINE),
    ROW(status, reading, NULL, COUNT, LINE),
    ROW(status, writing, NULL, COUNT, LINE),
    ROW(status, waiting, NULL, COUNT, LINE),
    ROW(status, accepted, NULL, COUNT, LINE),
    ROW(status, requests, NULL, COUNT, LINE),
    ROW(status, rate, NULL, RATE, LINE),
    ROW(status, sent, NULL, BYTES, LINE),
    ROW(status, accept_errors, NULL, COUNT, LINE),
    ROW(status, log_drops, NULL, COUNT, LINE),
    ROW(status, restarts, NULL, COUNT, LINE),
    ROW(status, last_restart, NULL, TEXT, LINE),
    ROW(status, last_restart_age, NULL, TIME, HIDDEN),
    ROW(status, quarantined, NULL, COUNT, LINE),
    ROW(status, quarantined_request, NULL, TEXT, LINE),
    ROW(status, verdict, NULL, TEXT, LINE),
    ROW(status, verdict_text, NULL, TEXT, LINE),
    END,
};

const struct status_field status_listener_fields[] = {
    ROW(status_listener, address, NULL, TEXT, ROW),
    ROW(status_listener, queue, NULL, COUNT, ROW),
    ROW(status_listener, backlog, NULL, COUNT, ROW),
    END,
};

const struct status_field status_worker_fields[] = {
    ROW(status_worker, slot, NULL, COUNT, BOTH),
    ROW(status_worker, pid, NULL, COUNT, BOTH),
    ROW(status_worker, generation, "gen", COUNT, BOTH),
    ROW(status_worker, state, NULL, TEXT, BOTH),
    ROW(status_worker, uptime, NULL, TIME, ROW),
    ROW(status_worker, connections, "conns", COUNT, BOTH),
    ROW(status_worker, reading, "read", COUNT, ROW),
    ROW(status_worker, writing, "write", COUNT, ROW),
    ROW(status_worker, waiting, "wait", COUNT, ROW),
    ROW(status_worker, accepted, NULL, COUNT, HIDDEN),
    ROW(status_worker, requests, NULL, COUNT, ROW),
    ROW(status_worker, rate, NULL, RATE, BOTH),
    ROW(status_worker, sent, NULL, BYTES, BOTH),
    ROW(status_worker, beat, NULL, TIME, BOTH),
    ROW(status_worker, accept_errors, NULL, COUNT, HIDDEN),
    ROW(status_worker, log_drops, NULL, COUNT, HIDDEN),
    ROW(status_worker, restarts, NULL, COUNT, HIDDEN),
    ROW(status_worker, last_restart, NULL, TEXT, HIDDEN),
    ROW(status_worker, last_restart_age, NULL, TIME, HIDDEN),
    END,
};

const struct status_field status_request_fields[] = {
    ROW(status_request, peer, NULL, TEXT, HIDDEN),
    ROW(status_request, line, NULL, TEXT, HIDDEN),
    ROW(status_request, host, NULL, TEXT, HIDDEN),
    ROW(status_request, phase, NULL, TEXT, HIDDEN),
    ROW(status_request, location, NULL, TEXT, HIDDEN),
    ROW(status_request, age, NULL, TIME, HIDDEN),
    END,
};
