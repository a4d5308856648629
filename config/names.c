#include "config/names.h"

void names_init(struct names *names, struct arena *arena)
{
    hash_init(&names->exact, arena);
    hash_init(&names->leading, arena);
    hash_init(&names->trailing, arena);
}

/* The first to take a name keeps it. */
static void *claim(struct hash *hash, struct slice key, void *value)
{
    void *holder = hash_get(hash, key);
    if (holder == NULL) {
        hash_put(hash, key, value);
    }
    return holder;
}

void *names_add(struct names *names, struct slice name, void *value)
{
    if (slice_starts(name, SLICE("*."))) {
        return claim(&names->leading, slice_from(name, 1), value);
    }
    if (slice_ends(name, SLICE(".*"))) {
        return claim(&names->trailing, slice_of(name.ptr, name.len - 1), value);
    }
    if (!slice_starts(name, SLICE("."))) {
        return claim(&names->exact, name, value);
    }
    void *wildcard = claim(&names->leading, name, value);
    void *plain = claim(&names->exact, slice_from(name, 1), value);
    return wildcard != NULL ? wildcard : plain;
}

/* "*.b.c" and "*.c" for "a.b.c", the longest first; the '*' stands for at least a byte.
 */
static void *find_leading(const struct hash *leading, struct slice host)
{
    void *found = NULL;
    for (size_t dot = 1; found == NULL && dot < host.len; dot++) {
        if (host.ptr[dot] == '.') {
            found = hash_get(leading, slice_from(host, dot));
        }
    }
    return found;
}

/* "a.b.*" and "a.*" for "a.b.c", the longest first. */
static void *find_trailing(const struct hash *trailing, struct slice host)
{
    void *found = NULL;
    for (size_t end = host.len; found == NULL && end > 1; end--) {
        if (host.ptr[end - 1] == '.' && end < host.len) {
            found = hash_get(trailing, slice_of(host.ptr, end));
        }
    }
    return found;
}

void *names_find(const struct names *names, struct slice host)
{
    void *found = hash_get(&names->exact, host);
    if (found == NULL && names->leading.count > 0) {
        found = find_leading(&names->leading, host);
    }
    if (found == NULL && names->trailing.count > 0) {
        found = find_trailing(&names->trailing, host);
    }
    return found;
}
