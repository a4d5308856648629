#include "server/http_status.h"
#include <assert.h>
#include <stddef.h>

#define STATUS(code, reason)                                                             \
    {                                                                                    \
        code, SLICE_INIT(#code " " reason)                                               \
    }

/* By code. RFC 9110, 15; 428, 429, 431 and 511 are RFC 6585's, 451 is RFC 7725's. */
static const struct {
    unsigned status;
    struct slice text;
} rows[] = {
    STATUS(100, "Continue"),
    STATUS(101, "Switching Protocols"),
    STATUS(103, "Early Hints"),
    STATUS(200, "OK"),
    STATUS(201, "Created"),
    STATUS(202, "Accepted"),
    STATUS(203, "Non-Authoritative Information"),
    STATUS(204, "No Content"),
    STATUS(205, "Reset Content"),
    STATUS(206, "Partial Content"),
    STATUS(300, "Multiple Choices"),
    STATUS(301, "Moved Permanently"),
    STATUS(302, "Found"),
    STATUS(303, "See Other"),
    STATUS(304, "Not Modified"),
    STATUS(305, "Use Proxy"),
    STATUS(307, "Temporary Redirect"),
    STATUS(308, "Permanent Redirect"),
    STATUS(400, "Bad Request"),
    STATUS(401, "Unauthorized"),
    STATUS(402, "Payment Required"),
    STATUS(403, "Forbidden"),
    STATUS(404, "Not Found"),
    STATUS(405, "Method Not Allowed"),
    STATUS(406, "Not Acceptable"),
    STATUS(407, "Proxy Authentication Required"),
    STATUS(408, "Request Timeout"),
    STATUS(409, "Conflict"),
    STATUS(410, "Gone"),
    STATUS(411, "Length Required"),
    STATUS(412, "Precondition Failed"),
    STATUS(413, "Content Too Large"),
    STATUS(414, "URI Too Long"),
    STATUS(415, "Unsupported Media Type"),
    STATUS(416, "Range Not Satisfiable"),
    STATUS(417, "Expectation Failed"),
    STATUS(421, "Misdirected Request"),
    STATUS(422, "Unprocessable Content"),
    STATUS(425, "Too Early"),
    STATUS(426, "Upgrade Required"),
    STATUS(428, "Precondition Required"),
    STATUS(429, "Too Many Requests"),
    STATUS(431, "Request Header Fields Too Large"),
    STATUS(451, "Unavailable For Legal Reasons"),
    STATUS(500, "Internal Server Error"),
    STATUS(501, "Not Implemented"),
    STATUS(502, "Bad Gateway"),
    STATUS(503, "Service Unavailable"),
    STATUS(504, "Gateway Timeout"),
    STATUS(505, "HTTP Version Not Supported"),
    STATUS(507, "Insufficient Storage"),
    STATUS(511, "Network Authentication Required"),
};

/* The null slice for a code that the table does not name. */
static struct slice find_text(unsigned status)
{
    size_t low = 0, high = sizeof(rows) / sizeof(rows[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].status == status) {
            return rows[middle].text;
        }
        if (rows[middle].status < status) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SLICE_NULL;
}

struct slice http_reason(unsigned status)
{
    struct slice text = find_text(status);
    return text.ptr == NULL ? SLICE("") : slice_from(text, sizeof("200 ") - 1);
}

struct slice http_status_text(unsigned status, char scratch[5])
{
    struct slice text = find_text(status);
    if (text.ptr != NULL) {
        return text;
    }
    assert(status >= 100 && status <= 999);
    scratch[0] = (char)('0' + status / 100);
    scratch[1] = (char)('0' + status / 10 % 10);
    scratch[2] = (char)('0' + status % 10);
    scratch[3] = ' ';
    scratch[4] = '\0';
    return slice_of(scratch, 4);
}

bool http_status_bodiless(unsigned status)
{
    return (status >= 100 && status < 200) || status == 204 || status == 304;
}

bool http_status_redirects(unsigned status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}
