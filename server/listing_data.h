/*
 * listing_data.h - the entries of a directory that a client may see, in order.
 */
#ifndef SERVER_LISTING_DATA_H
#define SERVER_LISTING_DATA_H

#include "common/arena.h"
#include "common/array.h"
#include "server/filecache.h"
#include "server/filepath.h"

/* What is shown at most: entries, for the scan stops the worker for their time, and bytes
 * of all names together. */
#define LISTING_MAX       50000
#define LISTING_NAMES_MAX (4u << 20)

enum listing_key {
    LISTING_NAME,
    LISTING_MODIFIED,
    LISTING_SIZE,
    LISTING_KEY_COUNT,
};

struct listing_order {
    enum listing_key key;
    bool descending;
};

struct listing_entry {
    struct slice name; /* as on disk: any bytes but '/' and NUL */
    enum file_kind kind;
    uint64_t size; /* bytes */
    int64_t mtime; /* seconds since the epoch */
};

struct listing {
    struct array entries; /* struct listing_entry */
    size_t directories;   /* of them; they come first */
    size_t name_bytes;
    struct listing_order order;
    bool cut; /* there are more than may be shown */
};

/*
 * The order that a query asks for: C=N, M or S for the column, O=A or D, parted by ';' or
 * '&'; anything else means nothing. The default is by name, ascending.
 */
struct listing_order listing_order_of(struct slice query);
char listing_key_letter(enum listing_key key);

/*
 * Reads a directory into a listing that has nothing but its order yet; the descriptor is
 * taken over. `where` is its path. Left out: names
 * that begin with a dot, what cannot be looked at, and links that lead nowhere or outside
 * the root. Returns 0 or an errno value.
 */
int listing_read(struct listing *listing, int dir, struct filepath where,
                 struct arena *arena);

/* Directories first, each group in listing->order; names in the order that people expect
 * ("file9" before "file10", case after that). */
void listing_sort(struct listing *listing);

#endif
