#include "server/logwriter.h"
#include "tests/unit/server/tempdir.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>

static struct log_files files;
static struct log_writer writer;
static char notes[8192];

static void note(void *context, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void note(void *context, enum log_level level, const char *format, ...)
{
    (void)context;
    (void)level;
    size_t len = strlen(notes);
    va_list args;
    va_start(args, format);
    vsnprintf(notes + len, sizeof(notes) - len, format, args);
    va_end(args);
    strncat(notes, "\n", sizeof(notes) - strlen(notes) - 1);
}

static void begin(void)
{
    tempdir_make();
    files = (struct log_files){0};
    logfiles_take(&files, 0, "a",
                  open(tempdir_path("a"), O_RDWR | O_APPEND | O_CREAT, 0600));
    log_writer_init(&writer, &files, note, NULL);
    notes[0] = '\0';
}

static void end(void)
{
    log_writer_clear(&writer);
    logfiles_clear(&files);
}

/* A file may grow to this size, as on a disk that is full then. */
static void limit_size(rlim_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(writes_many_lines_in_order)
{
    begin();
    static char text[2000][24];
    for (int i = 0; i < 2000; i++) {
        snprintf(text[i], sizeof(text[i]), "line %u\n", (unsigned)i % 10000u);
        log_writer_add(&writer, 0, slice_str(text[i]));
    }
    log_writer_flush(&writer);
    const char *content = tempdir_read("a");
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_eq(strncmp(content, text[i], strlen(text[i])), 0);
        content += strlen(text[i]);
    }
    ck_assert_str_eq(content, "");
    ck_assert_str_eq(notes, "");
    end();
}
END_TEST

START_TEST(goes_on_with_a_whole_line)
{
    begin();
    limit_size(10);
    log_writer_add(&writer, 0, SLICE("first\n"));
    log_writer_add(&writer, 0, SLICE("second\n"));
    log_writer_add(&writer, 0, SLICE("third\n"));
    log_writer_flush(&writer);
    ck_assert_str_eq(tempdir_read("a"), "first\nseco");
    ck_assert_ptr_nonnull(strstr(notes, "2 lines dropped"));
    limit_size(RLIM_INFINITY);
    log_writer_add(&writer, 0, SLICE("fourth\n"));
    log_writer_flush(&writer);
    ck_assert_str_eq(tempdir_read("a"), "first\nseco\nfourth\n");
    ck_assert_ptr_nonnull(strstr(notes, "works again, 2 lines"));
    log_writer_add(&writer, 0, SLICE("fifth\n"));
    log_writer_flush(&writer);
    ck_assert_str_eq(tempdir_read("a"), "first\nseco\nfourth\nfifth\n");
    end();
}
END_TEST

/* The very line feed that ends the cut line may be refused, once or twice. */
START_TEST(remembers_a_cut_line_until_it_is_ended)
{
    begin();
    limit_size(3);
    for (int i = 0; i < 3; i++) {
        log_writer_add(&writer, 0, SLICE("abcdef\n"));
        log_writer_flush(&writer);
    }
    limit_size(4);
    log_writer_add(&writer, 0, SLICE("lost\n"));
    log_writer_flush(&writer);
    limit_size(RLIM_INFINITY);
    log_writer_add(&writer, 0, SLICE("whole\n"));
    log_writer_flush(&writer);
    ck_assert_str_eq(tempdir_read("a"), "abc\nwhole\n");
    ck_assert_ptr_nonnull(strstr(notes, "works again, 4 lines"));
    end();
}
END_TEST

START_TEST(alerts_once_a_minute)
{
    begin();
    logfiles_take(&files, 0, "/dev/full", open("/dev/full", O_WRONLY | O_APPEND));
    for (int i = 0; i < 50; i++) {
        log_writer_add(&writer, 0, SLICE("x\n"));
        log_writer_flush(&writer);
    }
    const char *first = strstr(notes, "/dev/full");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "/dev/full"));
    log_writer_confess(&writer);
    ck_assert_ptr_nonnull(strstr(notes, "50 lines for \"/dev/full\" were dropped"));
    end();
}
END_TEST

START_TEST(tells_of_trouble_that_comes_and_goes_once_a_minute)
{
    begin();
    for (rlim_t size = 0; size < 20; size += 2) {
        limit_size(size);
        log_writer_add(&writer, 0, SLICE("lost\n"));
        log_writer_flush(&writer);
        limit_size(RLIM_INFINITY);
        log_writer_add(&writer, 0, SLICE("\n"));
        log_writer_flush(&writer);
    }
    const char *first = strstr(notes, "failed");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "failed"));
    const char *again = strstr(notes, "works again, 1 lines");
    ck_assert_ptr_nonnull(again);
    ck_assert_ptr_null(strstr(again + 1, "works again"));
    log_writer_confess(&writer);
    ck_assert_ptr_nonnull(strstr(notes, "9 lines for \"a\" were dropped"));
    end();
}
END_TEST

START_TEST(waits_for_no_reader)
{
    begin();
    ck_assert_int_eq(mkfifo(tempdir_path("fifo"), 0600), 0);
    int fd = open(tempdir_path("fifo"), O_RDWR | O_NONBLOCK);
    logfiles_take(&files, 0, "fifo", fd);
    static char line[4096];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\n';
    for (int i = 0; i < 40; i++) {
        log_writer_add(&writer, 0, slice_of(line, sizeof(line)));
        log_writer_flush(&writer);
    }
    ck_assert_ptr_nonnull(strstr(notes, "fifo"));
    end();
}
END_TEST

START_TEST(counts_lines_without_a_file)
{
    begin();
    log_writer_add(&writer, 9, SLICE("x\n"));
    log_writer_flush(&writer);
    ck_assert_uint_eq(writer.homeless, 1);
    end();
}
END_TEST

UNIT_SUITE(logwriter)
{
    UNIT_TEST(writes_many_lines_in_order);
    UNIT_TEST(goes_on_with_a_whole_line);
    UNIT_TEST(remembers_a_cut_line_until_it_is_ended);
    UNIT_TEST(alerts_once_a_minute);
    UNIT_TEST(tells_of_trouble_that_comes_and_goes_once_a_minute);
    UNIT_TEST(waits_for_no_reader);
    UNIT_TEST(counts_lines_without_a_file);
}
