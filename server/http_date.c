#include "server/http_date.h"
#include <stddef.h>

enum {
    DAY = 24 * 60 * 60,
};

/* What four digits of a year can say. */
static const int64_t year_0000 = -62167219200;
static const int64_t year_9999 = 253402300799;

struct date {
    int64_t year;
    unsigned month;   /* 1 to 12 */
    unsigned day;     /* 1 to 31 */
    unsigned weekday; /* 0: Sunday */
    unsigned hour, minute, second;
};

static const struct slice weekdays[7] = {
    SLICE_INIT("Sunday"),    SLICE_INIT("Monday"),   SLICE_INIT("Tuesday"),
    SLICE_INIT("Wednesday"), SLICE_INIT("Thursday"), SLICE_INIT("Friday"),
    SLICE_INIT("Saturday"),
};

static const char months[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

/*
 * Days since the epoch. Years are counted from March, so that the leap day ends one, and
 * in eras of 400 years (146,097 days); 719,468 days lie between 0000-03-01 and the epoch.
 */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t from_march = month > 2 ? year : year - 1;
    int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400;
    int64_t of_era = from_march - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void set_day(struct date *date, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day = shifted - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0: March */

    date->day = (unsigned)(of_year - (153 * month + 2) / 5 + 1);
    date->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    date->year = year + era * 400 + (date->month <= 2 ? 1 : 0);
}

/* The epoch was a Thursday. */
static unsigned weekday_of(int64_t days)
{
    return (unsigned)(((days + 4) % 7 + 7) % 7);
}

static int64_t seconds_of(const struct date *date)
{
    return days_of(date->year, date->month, date->day) * DAY + date->hour * 3600 +
           date->minute * 60 + date->second;
}

static struct date date_of(int64_t seconds)
{
    int64_t days = seconds / DAY - (seconds % DAY < 0 ? 1 : 0);
    unsigned rest = (unsigned)(seconds - days * DAY);
    struct date date = {
        .weekday = weekday_of(days),
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
    set_day(&date, days);
    return date;
}

static void put_number(char *out, size_t width, uint64_t value)
{
    while (width-- > 0) {
        out[width] = (char)('0' + value % 10);
        value /= 10;
    }
}

struct slice http_date_format(int64_t seconds, char out[HTTP_DATE_LEN + 1])
{
    int64_t clamped = seconds < year_0000 ? year_0000 : seconds;
    struct date date = date_of(clamped > year_9999 ? year_9999 : clamped);

    memcpy(out, "Www, 00 Mmm 0000 00:00:00 GMT", HTTP_DATE_LEN + 1);
    memcpy(out, weekdays[date.weekday].ptr, 3);
    put_number(out + 5, 2, date.day);
    memcpy(out + 8, months[date.month - 1], 3);
    put_number(out + 12, 4, (uint64_t)date.year);
    put_number(out + 17, 2, date.hour);
    put_number(out + 20, 2, date.minute);
    put_number(out + 23, 2, date.second);
    return slice_of(out, HTTP_DATE_LEN);
}

/* --- parsing ------------------------------------------------------------------------ */

/* Takes exactly `width` digits off the front. */
static bool take_number(struct slice *text, size_t width, unsigned *value)
{
    *value = 0;
    if (text->len < width) {
        return false;
    }
    for (size_t i = 0; i < width; i++) {
        if (!ascii_isdigit(text->ptr[i])) {
            return false;
        }
        *value = *value * 10 + (unsigned)(text->ptr[i] - '0');
    }
    *text = slice_from(*text, width);
    return true;
}

/* date3 of asctime: two digits, or a space and one. */
static bool take_padded(struct slice *text, unsigned *value)
{
    if (text->len > 0 && text->ptr[0] == ' ') {
        *text = slice_from(*text, 1);
        return take_number(text, 1, value);
    }
    return take_number(text, 2, value);
}

static bool take_year(struct slice *text, size_t width, struct date *date)
{
    unsigned year = 0;
    bool taken = take_number(text, width, &year);
    date->year = year;
    return taken;
}

/* Names are case-sensitive (RFC 9110, 5.6.7). */
static bool take_month(struct slice *text, unsigned *month)
{
    for (unsigned i = 0; i < 12; i++) {
        if (slice_eq(slice_of(text->ptr, text->len < 3 ? text->len : 3),
                     slice_of(months[i], 3))) {
            *month = i + 1;
            *text = slice_from(*text, 3);
            return true;
        }
    }
    return false;
}

static bool take_weekday(struct slice *text, bool whole, unsigned *weekday)
{
    for (unsigned i = 0; i < 7; i++) {
        size_t len = whole ? weekdays[i].len : 3;
        if (text->len >= len && memcmp(text->ptr, weekdays[i].ptr, len) == 0) {
            *weekday = i;
            *text = slice_from(*text, len);
            return true;
        }
    }
    return false;
}

/* One letter of a pattern: a part of the date, or a byte that stands for itself. */
static bool take_part(struct slice *text, char part, struct date *date)
{
    switch (part) {
    case 'w':
    case 'W':
        return take_weekday(text, part == 'W', &date->weekday);
    case 'd':
        return take_number(text, 2, &date->day);
    case 'e':
        return take_padded(text, &date->day);
    case 'm':
        return take_month(text, &date->month);
    case 'y':
    case 'Y':
        return take_year(text, part == 'Y' ? 4 : 2, date);
    case 'h':
        return take_number(text, 2, &date->hour);
    case 'i':
        return take_number(text, 2, &date->minute);
    case 's':
        return take_number(text, 2, &date->second);
    default:
        if (text->len == 0 || text->ptr[0] != part) {
            return false;
        }
        *text = slice_from(*text, 1);
        return true;
    }
}

static bool take_pattern(struct slice text, const char *pattern, struct date *date)
{
    for (; *pattern != '\0'; pattern++) {
        if (!take_part(&text, *pattern, date)) {
            return false;
        }
    }
    return text.len == 0;
}

/* A second of 60 is a leap second; it counts as the first of the next minute. */
static bool exists(const struct date *date)
{
    if (date->day < 1 || date->hour > 23 || date->minute > 59 || date->second > 60) {
        return false;
    }
    struct date same = {0};
    int64_t days = days_of(date->year, date->month, date->day);
    set_day(&same, days);
    return same.day == date->day && weekday_of(days) == date->weekday;
}

/* More than 50 years ahead is the most recent year past with the same two digits. */
static void place_year(struct date *date, int64_t now)
{
    date->year += date_of(now).year / 100 * 100 + 100;
    for (;;) {
        struct date fifty_before = *date;
        fifty_before.year -= 50;
        if (seconds_of(&fifty_before) <= now) {
            return;
        }
        date->year -= 100;
    }
}

bool http_date_parse(struct slice text, int64_t now, int64_t *seconds)
{
    struct date date = {0};
    if (take_pattern(text, "W, d-m-y h:i:s GMT", &date)) { /* RFC 850 */
        place_year(&date, now);
    } else if (!take_pattern(text, "w, d m Y h:i:s GMT", &date) && /* IMF-fixdate */
               !take_pattern(text, "w m e h:i:s Y", &date)) {      /* asctime */
        return false;
    }
    if (!exists(&date)) {
        return false;
    }
    *seconds = seconds_of(&date);
    return true;
}
