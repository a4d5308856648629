/* A chunked body, in pieces of a size that the first byte chooses, against the same body
 * in one piece. */
#include "server/http_chunked.h"
#include "tests/fuzz/invariant.h"
#include <string.h>

struct outcome {
    enum http_chunked_state state;
    char *content;
    size_t len;
    size_t taken; /* bytes of the body, up to the end of its last piece or to DONE */
    const char *why;
};

static void feed_piece(struct http_chunked *chunked, struct slice *input,
                       struct outcome *outcome)
{
    while (input->len > 0 && outcome->state < HTTP_CHUNKED_DONE) {
        struct slice before = *input, content;
        outcome->state = http_chunked_feed(chunked, input, &content, &outcome->why);
        INVARIANT(input->len < before.len);
        INVARIANT(input->ptr == before.ptr + (before.len - input->len));
        INVARIANT(content.len == 0 ||
                  (content.ptr >= before.ptr && content.ptr + content.len == input->ptr));
        if (content.len > 0) {
            memcpy(outcome->content + outcome->len, content.ptr, content.len);
            outcome->len += content.len;
        }
    }
}

static struct outcome decode(struct slice body, size_t step)
{
    struct http_chunked chunked = {0};
    struct outcome outcome = {.content = malloc(body.len + 1)};
    while (outcome.taken < body.len && outcome.state < HTTP_CHUNKED_DONE) {
        struct slice rest = slice_from(body, outcome.taken);
        struct slice input = slice_of(rest.ptr, step < rest.len ? step : rest.len);
        size_t len = input.len;
        feed_piece(&chunked, &input, &outcome);
        outcome.taken += len - input.len;
    }
    INVARIANT((outcome.state == HTTP_CHUNKED_BAD) == (outcome.why != NULL));
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct slice body = slice_of((const char *)data + 1, size - 1);
    struct outcome whole = decode(body, body.len);
    struct outcome pieces = decode(body, 1 + data[0] % 7u);
    INVARIANT(whole.state == pieces.state);
    INVARIANT(whole.len == pieces.len && whole.taken == pieces.taken);
    INVARIANT(memcmp(whole.content, pieces.content, whole.len) == 0);
    INVARIANT(whole.why == pieces.why);
    free(whole.content);
    free(pieces.content);
    return 0;
}
