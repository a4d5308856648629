#include "server/quarantine.h"
#include "common/fingerprint.h"
#include <string.h>

/* A request that collides with one that is held is refused with it, for a while. */
uint64_t quarantine_fingerprint(unsigned method, const struct server *server,
                                struct slice path)
{
    uint64_t print = fingerprint_word(FINGERPRINT_NONE, method);
    print = fingerprint_text(fingerprint_word(print, (uintptr_t)server), path);
    return print == 0 ? 1 : print;
}

bool quarantine_holds(const struct quarantine_list *list, uint64_t fingerprint)
{
    if (list == NULL || atomic_load_explicit(&list->count, memory_order_relaxed) == 0) {
        return false;
    }
    for (unsigned i = 0; i < QUARANTINE_MAX; i++) {
        if (atomic_load(&list->fingerprints[i]) == fingerprint) {
            return true;
        }
    }
    return false;
}

/* --- for the master ----------------------------------------------------------------- */

static int64_t last_death(const struct suspect *suspect)
{
    return suspect->deaths == 0 ? 0 : suspect->died_ms[suspect->deaths - 1];
}

/* Its entry, or that of the one which has been quiet longest. */
static struct suspect *suspect_of(struct quarantine *quarantine, uint64_t fingerprint)
{
    struct suspect *quietest = &quarantine->suspects[0];
    for (unsigned i = 0; i < SUSPECTS_MAX; i++) {
        struct suspect *suspect = &quarantine->suspects[i];
        if (suspect->fingerprint == fingerprint) {
            return suspect;
        }
        if (last_death(suspect) < last_death(quietest)) {
            quietest = suspect;
        }
    }
    *quietest = (struct suspect){.fingerprint = fingerprint};
    return quietest;
}

static void forget_oldest(struct suspect *suspect)
{
    suspect->deaths--;
    memmove(suspect->died_ms, suspect->died_ms + 1,
            suspect->deaths * sizeof(suspect->died_ms[0]));
}

static void add_death(struct suspect *suspect, int64_t window_ms, int64_t now_ms)
{
    while (suspect->deaths > 0 && (suspect->deaths == QUARANTINE_DEATHS_MAX ||
                                   now_ms - suspect->died_ms[0] > window_ms)) {
        forget_oldest(suspect);
    }
    suspect->died_ms[suspect->deaths++] = now_ms;
}

static void vacate(struct quarantine *quarantine, unsigned place)
{
    quarantine->held[place].until_ms = 0;
    atomic_store(&quarantine->list->fingerprints[place], 0);
}

/* Workers write there at most by accident: the master's own count is the one that counts.
 */
static void publish_count(const struct quarantine *quarantine)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < QUARANTINE_MAX; i++) {
        count += quarantine->held[i].until_ms != 0;
    }
    atomic_store(&quarantine->list->count, count);
}

void quarantine_init(struct quarantine *quarantine, struct quarantine_list *list)
{
    *quarantine = (struct quarantine){.list = list};
    for (unsigned i = 0; i < QUARANTINE_MAX; i++) {
        vacate(quarantine, i);
    }
    publish_count(quarantine);
}

void quarantine_clear(struct quarantine *quarantine)
{
    quarantine_init(quarantine, quarantine->list);
}

/* An unused place, or the one that would be free first. */
static unsigned choose_place(const struct quarantine *quarantine)
{
    unsigned place = 0;
    for (unsigned i = 1; i < QUARANTINE_MAX; i++) {
        if (quarantine->held[i].until_ms < quarantine->held[place].until_ms) {
            place = i;
        }
    }
    return place;
}

static void hold(struct quarantine *quarantine, uint64_t fingerprint, struct slice what,
                 int64_t until_ms)
{
    unsigned place = choose_place(quarantine);
    struct quarantined *held = &quarantine->held[place];
    if (held->until_ms != 0) {
        quarantine->pushed_out = *held;
    }
    size_t len = what.len < sizeof(held->what) - 1 ? what.len : sizeof(held->what) - 1;
    memcpy(held->what, what.ptr, len);
    held->what[len] = '\0';
    held->until_ms = until_ms;
    atomic_store(&quarantine->list->fingerprints[place], fingerprint);
    publish_count(quarantine);
}

bool quarantine_note(struct quarantine *quarantine, const struct quarantine_settings *set,
                     uint64_t fingerprint, struct slice what, int64_t now_ms)
{
    struct suspect *suspect = suspect_of(quarantine, fingerprint);
    add_death(suspect, set->window, now_ms);
    if (suspect->deaths < set->deaths ||
        quarantine_holds(quarantine->list, fingerprint)) {
        return false;
    }
    hold(quarantine, fingerprint, what, now_ms + set->time);
    *suspect = (struct suspect){0};
    return true;
}

const char *quarantine_release(struct quarantine *quarantine, int64_t now_ms)
{
    if (quarantine->pushed_out.until_ms != 0) {
        quarantine->pushed_out.until_ms = 0;
        return quarantine->pushed_out.what;
    }
    for (unsigned i = 0; i < QUARANTINE_MAX; i++) {
        struct quarantined *held = &quarantine->held[i];
        if (held->until_ms != 0 && held->until_ms <= now_ms) {
            vacate(quarantine, i);
            publish_count(quarantine);
            return held->what;
        }
    }
    return NULL;
}
