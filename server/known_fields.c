#include "server/known_fields.h"
#include "common/fingerprint.h"
#include "common/xalloc.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool holds(const struct known_place *place, uint64_t print,
                  const struct listen_address *address, struct slice section)
{
    const struct known_fields *known = place->kept;
    return known != NULL && place->print == print && known->address == address &&
           slice_eq(known->section, section);
}

static struct known_fields *create(const struct listen_address *address,
                                   struct slice section, size_t fields)
{
    struct known_fields *known = xmalloc(sizeof(*known) + section.len);
    *known = (struct known_fields){
        .address = address,
        .section = slice_of(known->bytes, section.len),
        .fields = {.lines = xmalloc(fields * sizeof(struct http_field)),
                   .capacity = fields},
    };
    memcpy(known->bytes, section.ptr, section.len);
    return known;
}

static void destroy(struct known_fields *known)
{
    if (known != NULL) {
        free(known->fields.lines);
        free(known);
    }
}

/* What comes a second time before the one that is there was of use again is worth more
 * than that one. Most that comes once never does again, and is not worth the copy. */
static bool take_place(struct known_place *place, uint64_t print)
{
    bool again = place->met == print;
    place->met = print;
    return again && (place->kept == NULL || place->kept->users == 0);
}

/* Addresses keep theirs in different places: clients send the same to all of them. */
static struct known_place *find_place(struct known_place *places, uint64_t print,
                                      const struct listen_address *address)
{
    uint64_t hash = fingerprint_word(print, (uintptr_t)address);
    return &places[hash % KNOWN_FIELDS_PLACES];
}

struct known_fields *known_fields_get(struct known_place *places,
                                      const struct listen_address *address,
                                      struct slice section, size_t fields)
{
    if (section.len > KNOWN_FIELDS_BYTES_MAX) {
        return NULL;
    }
    uint64_t print = fingerprint_text(FINGERPRINT_NONE, section);
    struct known_place *place = find_place(places, print, address);
    if (!holds(place, print, address, section)) {
        if (!take_place(place, print)) {
            return NULL;
        }
        destroy(place->kept);
        place->kept = create(address, section, fields);
        place->print = print;
    }
    place->met = 0;
    place->kept->users++;
    return place->kept;
}

void known_fields_release(struct known_fields *known)
{
    if (known != NULL) {
        known->users--;
    }
}

void known_fields_clear(struct known_place *places)
{
    for (size_t i = 0; i < KNOWN_FIELDS_PLACES; i++) {
        assert(places[i].kept == NULL || places[i].kept->users == 0);
        destroy(places[i].kept);
        places[i] = (struct known_place){.kept = NULL};
    }
}
