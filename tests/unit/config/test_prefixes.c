#include "config/prefixes.h"
#include "tests/unit/unit.h"

static struct arena *arena;
static struct prefixes prefixes;

static void setup(void)
{
    arena = arena_create(65536);
    prefixes_init(&prefixes, arena);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static char one, two, three, four;

START_TEST(exact_wins_and_the_longest_prefix_follows)
{
    ck_assert_ptr_null(prefixes_add_prefix(&prefixes, SLICE("/"), &one));
    ck_assert_ptr_null(prefixes_add_prefix(&prefixes, SLICE("/static/"), &two));
    ck_assert_ptr_null(prefixes_add_exact(&prefixes, SLICE("/static/"), &three));
    ck_assert_ptr_null(prefixes_add_prefix(&prefixes, SLICE("/sta"), &four));
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/")), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/s")), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/sta")), &four);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/static")), &four);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/static/")), &three);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/static/x")), &two);
    ck_assert_ptr_null(prefixes_find(&prefixes, SLICE("x")));
    ck_assert_ptr_null(prefixes_find(&prefixes, SLICE("")));
}
END_TEST

START_TEST(exact_does_not_match_longer_paths)
{
    prefixes_add_exact(&prefixes, SLICE("/a"), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/a")), &one);
    ck_assert_ptr_null(prefixes_find(&prefixes, SLICE("/ab")));
    ck_assert_ptr_null(prefixes_find(&prefixes, SLICE("/")));
}
END_TEST

START_TEST(the_first_keeps_a_pattern)
{
    ck_assert_ptr_null(prefixes_add_prefix(&prefixes, SLICE("/a"), &one));
    ck_assert_ptr_eq(prefixes_add_prefix(&prefixes, SLICE("/a"), &two), &one);
    ck_assert_ptr_null(prefixes_add_exact(&prefixes, SLICE("/a"), &three));
    ck_assert_ptr_eq(prefixes_add_exact(&prefixes, SLICE("/a"), &four), &three);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/a/b")), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/a")), &three);
}
END_TEST

START_TEST(the_empty_pattern_matches_everything)
{
    prefixes_add_prefix(&prefixes, SLICE(""), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("")), &one);
    ck_assert_ptr_eq(prefixes_find(&prefixes, SLICE("/x")), &one);
}
END_TEST

START_TEST(every_byte_may_branch)
{
    static char bytes[256][2];
    for (int i = 255; i >= 0; i--) {
        bytes[i][0] = '/';
        bytes[i][1] = (char)i;
        ck_assert_ptr_null(
            prefixes_add_prefix(&prefixes, slice_of(bytes[i], 2), bytes[i]));
    }
    for (int i = 0; i < 256; i++) {
        char path[] = {'/', (char)i, 'x'};
        ck_assert_ptr_eq(prefixes_find(&prefixes, slice_of(path, 3)), bytes[i]);
    }
}
END_TEST

/* --- against a search that needs no thought ----------------------------------------- */

#define PATTERNS 1000
#define PATHS    20000

static struct {
    char text[24];
    bool exact;
    bool kept;
} patterns[PATTERNS];

static uint32_t random_state = 2463534242u;

static uint32_t draw(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

/* Few letters, so that texts share prefixes and meet often, in runs, so that edges of all
 * lengths come about. */
static void draw_path(char text[24])
{
    uint32_t len = 1 + draw(22);
    char letter = '/';
    for (uint32_t i = 0; i < len; i++) {
        text[i] = letter;
        letter = draw(4) == 0 ? "/aab"[draw(4)] : letter;
    }
    text[len] = '\0';
}

static void *find_slowly(struct slice path)
{
    void *best = NULL;
    size_t best_len = 0;
    for (int i = 0; i < PATTERNS; i++) {
        struct slice pattern = slice_str(patterns[i].text);
        if (!patterns[i].kept || !slice_starts(path, pattern)) {
            continue;
        }
        if (patterns[i].exact && pattern.len == path.len) {
            return &patterns[i];
        }
        if (!patterns[i].exact && pattern.len > best_len) {
            best = &patterns[i];
            best_len = pattern.len;
        }
    }
    return best;
}

START_TEST(agrees_with_a_naive_search)
{
    for (int i = 0; i < PATTERNS; i++) {
        draw_path(patterns[i].text);
        patterns[i].exact = draw(2) == 0;
        struct slice pattern = slice_str(patterns[i].text);
        void *holder = patterns[i].exact
                           ? prefixes_add_exact(&prefixes, pattern, &patterns[i])
                           : prefixes_add_prefix(&prefixes, pattern, &patterns[i]);
        patterns[i].kept = holder == NULL;
    }
    for (int i = 0; i < PATHS; i++) {
        char path[24];
        draw_path(path);
        ck_assert_ptr_eq(prefixes_find(&prefixes, slice_str(path)),
                         find_slowly(slice_str(path)));
    }
}
END_TEST

UNIT_SUITE(prefixes)
{
    tcase_add_checked_fixture(unit_case, setup, teardown);
    UNIT_TEST(exact_wins_and_the_longest_prefix_follows);
    UNIT_TEST(exact_does_not_match_longer_paths);
    UNIT_TEST(the_first_keeps_a_pattern);
    UNIT_TEST(the_empty_pattern_matches_everything);
    UNIT_TEST(every_byte_may_branch);
    UNIT_TEST(agrees_with_a_naive_search);
}
