#include "common/clock.h"

/* One form of the wall clock and the bytes that it takes. */
struct text {
    char bytes[32];
    size_t len;
};

static struct {
    int64_t now_ns;
    int64_t now_ms; /* the same: asked for many times an event */
    int64_t lap_ns; /* when the lap began */
    struct timespec wall;
    time_t formatted; /* the second that the texts below show */
    struct text http_date;
    struct text error_log;
    struct text access_log;
    struct text iso8601;
} now = {.formatted = -1};

static const char day_names[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t to_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * NS_PER_SEC + time.tv_nsec;
}

int64_t clock_read_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return to_ns(time);
}

int64_t clock_lap_ns(void)
{
    int64_t began_ns = now.lap_ns;
    now.lap_ns = clock_read_ns();
    return now.lap_ns - began_ns;
}

int64_t clock_lap_began_ns(void)
{
    return now.lap_ns;
}

static void put_char(struct text *text, char c)
{
    text->bytes[text->len++] = c;
}

static void put_str(struct text *text, const char *str)
{
    while (*str != '\0') {
        put_char(text, *str++);
    }
}

static void put_2(struct text *text, int value)
{
    put_char(text, (char)('0' + value / 10 % 10));
    put_char(text, (char)('0' + value % 10));
}

static void put_year(struct text *text, const struct tm *tm)
{
    int year = tm->tm_year + 1900;
    put_2(text, year / 100);
    put_2(text, year % 100);
}

static void put_time(struct text *text, const struct tm *tm)
{
    put_2(text, tm->tm_hour);
    put_char(text, ':');
    put_2(text, tm->tm_min);
    put_char(text, ':');
    put_2(text, tm->tm_sec);
}

/* 1994-11-06, with the separator of choice. */
static void put_date(struct text *text, const struct tm *tm, char separator)
{
    put_year(text, tm);
    put_char(text, separator);
    put_2(text, tm->tm_mon + 1);
    put_char(text, separator);
    put_2(text, tm->tm_mday);
}

/* East of Greenwich is positive: +0100, or +01:00 when there is a separator. */
static void put_offset(struct text *text, const struct tm *tm, const char *separator)
{
    int minutes = (int)(tm->tm_gmtoff / 60);
    put_char(text, minutes < 0 ? '-' : '+');
    minutes = minutes < 0 ? -minutes : minutes;
    put_2(text, minutes / 60);
    put_str(text, separator);
    put_2(text, minutes % 60);
}

static void format_http_date(struct text *text, const struct tm *utc)
{
    text->len = 0;
    put_str(text, day_names[utc->tm_wday]);
    put_str(text, ", ");
    put_2(text, utc->tm_mday);
    put_char(text, ' ');
    put_str(text, month_names[utc->tm_mon]);
    put_char(text, ' ');
    put_year(text, utc);
    put_char(text, ' ');
    put_time(text, utc);
    put_str(text, " GMT");
}

static void format_error_log(struct text *text, const struct tm *local)
{
    text->len = 0;
    put_date(text, local, '/');
    put_char(text, ' ');
    put_time(text, local);
}

static void format_access_log(struct text *text, const struct tm *local)
{
    text->len = 0;
    put_2(text, local->tm_mday);
    put_char(text, '/');
    put_str(text, month_names[local->tm_mon]);
    put_char(text, '/');
    put_year(text, local);
    put_char(text, ':');
    put_time(text, local);
    put_char(text, ' ');
    put_offset(text, local, "");
}

static void format_iso8601(struct text *text, const struct tm *local)
{
    text->len = 0;
    put_date(text, local, '-');
    put_char(text, 'T');
    put_time(text, local);
    put_offset(text, local, ":");
}

static void format_all(time_t second)
{
    struct tm utc;
    struct tm local;
    gmtime_r(&second, &utc);
    localtime_r(&second, &local);
    format_http_date(&now.http_date, &utc);
    format_error_log(&now.error_log, &local);
    format_access_log(&now.access_log, &local);
    format_iso8601(&now.iso8601, &local);
    now.formatted = second;
}

void clock_update(void)
{
    now.now_ns = now.lap_ns = clock_read_ns();
    now.now_ms = now.now_ns / NS_PER_MS;
    clock_gettime(CLOCK_REALTIME, &now.wall);
    if (now.wall.tv_sec != now.formatted) {
        format_all(now.wall.tv_sec);
    }
}

int64_t clock_now_ns(void)
{
    return now.now_ns;
}

int64_t clock_now_ms(void)
{
    return now.now_ms;
}

const struct timespec *clock_wall(void)
{
    return &now.wall;
}

static struct slice text_slice(const struct text *text)
{
    return slice_of(text->bytes, text->len);
}

struct slice clock_http_date(void)
{
    return text_slice(&now.http_date);
}

struct slice clock_error_log(void)
{
    return text_slice(&now.error_log);
}

struct slice clock_access_log(void)
{
    return text_slice(&now.access_log);
}

struct slice clock_iso8601(void)
{
    return text_slice(&now.iso8601);
}
