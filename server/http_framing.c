#include "server/http_framing.h"
#include "server/http_status.h"

static bool has(const struct http_head *head, enum http_field_id id)
{
    return head->fields.first[id] != 0;
}

/*
 * RFC 9112, 3.2. An empty Host is valid: it is what a client sends whose target has no
 * authority (RFC 9110, 7.2), and gets the default server (RFC 9112, 3.3).
 */
static unsigned check_host(struct http_framing *framing, const struct http_head *head,
                           const char **why)
{
    if (!has(head, HTTP_FIELD_HOST)) {
        return head->minor == 0 ? 0 : http_refuse(400, why, "no Host in HTTP/1.1");
    }
    struct slice value = http_fields_get(&head->fields, HTTP_FIELD_HOST);
    if (value.len > 0 && !http_authority_split(value, &framing->host, &framing->port)) {
        return http_refuse(400, why, "invalid Host");
    }
    return 0;
}

/* The authority of the target wins over Host, which must be valid all the same. */
static unsigned choose_host(struct http_framing *framing, const struct http_head *head,
                            const struct http_target *target, const char **why)
{
    unsigned status = check_host(framing, head, why);
    if (status == 0 && target->authority.ptr != NULL &&
        !http_authority_split(target->authority, &framing->host, &framing->port)) {
        return http_refuse(400, why, "invalid authority in the request target");
    }
    return status;
}

/* transfer-coding = token *( OWS ";" OWS transfer-parameter ); we look at the token. */
static struct slice coding_name(struct slice member)
{
    return slice_of(member.ptr, http_token_span(member));
}

/* Only "chunked" alone is implemented. A last coding that is another leaves the length
 * unknown (400, RFC 9112, 6.3); an unknown one before it is 501 (RFC 9112, 6.1). */
static unsigned check_codings(const struct http_fields *fields, const char **why)
{
    struct http_list_walk walk = http_list_start(fields, HTTP_FIELD_TRANSFER_ENCODING);
    struct slice member, last = SLICE_NULL;
    size_t count = 0, chunked = 0;
    for (; http_list_next(&walk, &member); count++) {
        struct slice name = coding_name(member);
        if (name.len == 0) {
            return http_refuse(400, why, "malformed Transfer-Encoding");
        }
        chunked += slice_eq_nocase(name, SLICE("chunked")) ? 1 : 0;
        last = member;
    }
    if (!slice_eq_nocase(last, SLICE("chunked"))) { /* with a parameter too: 7.1 */
        return http_refuse(400, why, "last transfer coding is not chunked");
    }
    if (chunked > 1) { /* RFC 9112, 6.1 */
        return http_refuse(400, why, "chunked applied twice");
    }
    return count == 1 ? 0 : http_refuse(501, why, "unknown transfer coding");
}

static unsigned read_chunked(struct http_framing *framing, const struct http_head *head,
                             const char **why)
{
    if (head->minor == 0) { /* RFC 9112, 6.1 */
        return http_refuse(400, why, "Transfer-Encoding in HTTP/1.0");
    }
    if (has(head, HTTP_FIELD_CONTENT_LENGTH)) { /* RFC 9112, 6.3: smuggling */
        return http_refuse(400, why, "Transfer-Encoding with Content-Length");
    }
    framing->body = HTTP_BODY_CHUNKED;
    return check_codings(&head->fields, why);
}

/* 1*DIGIT and nothing else, not even the list of equal values that RFC 9110, 8.6 allows
 * to accept. Repeated lines have been refused with the head. */
static unsigned read_length(struct http_framing *framing, const struct http_head *head,
                            const char **why)
{
    struct slice value = http_fields_get(&head->fields, HTTP_FIELD_CONTENT_LENGTH);
    if (!slice_to_u64(value, &framing->content_length) ||
        framing->content_length > INT64_MAX) {
        return http_refuse(400, why, "invalid Content-Length");
    }
    framing->body = framing->content_length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
    return 0;
}

static unsigned read_body(struct http_framing *framing, const struct http_head *head,
                          const char **why)
{
    if (has(head, HTTP_FIELD_TRANSFER_ENCODING)) {
        return read_chunked(framing, head, why);
    }
    if (has(head, HTTP_FIELD_CONTENT_LENGTH)) {
        return read_length(framing, head, why);
    }
    return 0;
}

/* RFC 9110, 10.1.1. HTTP/1.0 knows no interim response, and without content there is
 * nothing to wait for. */
static unsigned read_expect(struct http_framing *framing, const struct http_head *head,
                            const char **why)
{
    struct http_list_walk walk = http_list_start(&head->fields, HTTP_FIELD_EXPECT);
    struct slice member;
    while (http_list_next(&walk, &member)) {
        if (!slice_eq_nocase(member, SLICE("100-continue"))) {
            return http_refuse(417, why, "unknown expectation");
        }
        framing->expect_continue = head->minor > 0 && framing->body != HTTP_BODY_NONE;
    }
    return 0;
}

/* RFC 9112, 9.3. */
static bool persists(const struct http_head *head)
{
    const struct http_fields *fields = &head->fields;
    if (!has(head, HTTP_FIELD_CONNECTION)) {
        return head->minor > 0;
    }
    if (http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("close"))) {
        return false;
    }
    return head->minor > 0 ||
           http_list_has(fields, HTTP_FIELD_CONNECTION, SLICE("keep-alive"));
}

unsigned http_framing(struct http_framing *framing, const struct http_head *head,
                      const struct http_target *target, const char **why)
{
    *framing = (struct http_framing){.host = SLICE_INIT(""), .port = SLICE_NULL};
    unsigned status = choose_host(framing, head, target, why);
    if (status == 0) {
        status = read_body(framing, head, why);
    }
    if (status == 0) {
        status = read_expect(framing, head, why);
    }
    framing->keep_alive = status == 0 && persists(head);
    return status;
}
