#include "common/buf.h"
#include "common/flavour.h"
#include "server/outq.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG 300000 /* more than the socket buffer below */

static int ours;   /* the queue writes here */
static int theirs; /* the test reads here */
static struct outq queue;
static struct buf received;

static void begin_type(int type)
{
    int pair[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair), 0);
    ours = pair[0];
    int room = 16384;
    setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    theirs = pair[1];
    queue = (struct outq){0};
    received = (struct buf){0};
}

static void begin(void)
{
    begin_type(SOCK_STREAM);
}

static void end(void)
{
    close(ours);
    close(theirs);
    buf_free(&received);
}

static struct segment memory(const char *text)
{
    return (struct segment){.memory = text, .fd = -1, .left = strlen(text)};
}

/* A file of `size` bytes that count up; nobody else knows its name. */
static int make_file(size_t size)
{
    FILE *file = tmpfile();
    for (size_t i = 0; i < size; i++) {
        fputc((char)('a' + i % 26), file);
    }
    fflush(file);
    int fd = dup(fileno(file));
    fclose(file);
    return fd;
}

static void read_all(void)
{
    char chunk[65536];
    ssize_t got;
    while ((got = read(theirs, chunk, sizeof(chunk))) > 0) {
        buf_append(&received, chunk, (size_t)got);
    }
}

/* Until it is empty or cannot go on, with somebody reading at the other end. */
static enum outq_result flush_all(bool use_sendfile)
{
    enum outq_result result;
    do {
        result = outq_flush(&queue, ours, 0, use_sendfile);
        read_all();
    } while (result == OUTQ_BLOCKED || result == OUTQ_LIMIT);
    return result;
}

START_TEST(sends_memory_in_order)
{
    begin();
    struct segment a = memory("one "), empty = memory(""), b = memory("two");
    outq_add(&queue, &a);
    outq_add(&queue, &empty);
    outq_add(&queue, &b);
    ck_assert_uint_eq(queue.queued, 7);
    ck_assert(!outq_empty(&queue));
    ck_assert_int_eq(flush_all(true), OUTQ_EMPTY);
    ck_assert(outq_empty(&queue));
    ck_assert_uint_eq(queue.sent, 7);
    ck_assert(slice_eq(buf_slice(&received), SLICE("one two")));
    end();
}
END_TEST

START_TEST(sends_more_parts_than_one_call_takes)
{
    begin();
    static struct segment parts[500];
    for (size_t i = 0; i < 500; i++) {
        parts[i] = memory("ab");
        outq_add(&queue, &parts[i]);
    }
    ck_assert_int_eq(flush_all(true), OUTQ_EMPTY);
    ck_assert_uint_eq(received.len, 1000);
    end();
}
END_TEST

/* A packet for each call; the limit is in the middle of a segment. */
START_TEST(takes_neighbours_for_one_part)
{
    static const char digits[] = "0123456789012345678901234567890123456789"
                                 "0123456789012345678901234567890123456789";
    static struct segment parts[sizeof(digits)];
    char packet[1024];
    begin_type(SOCK_SEQPACKET);
    for (size_t i = 0; i + 1 < sizeof(digits); i += i == 9 ? 2 : 1) {
        uint64_t len = i == 9 ? 2 : 1;
        parts[i] = (struct segment){.memory = digits + i, .fd = -1, .left = len};
        outq_add(&queue, &parts[i]);
    }
    struct segment apart = memory("apart");
    outq_add(&queue, &apart);
    ck_assert_int_eq(outq_flush(&queue, ours, 10, true), OUTQ_LIMIT);
    ck_assert_int_eq(read(theirs, packet, sizeof(packet)), 10);
    ck_assert_mem_eq(packet, digits, 10);
    ck_assert_int_eq(outq_flush(&queue, ours, 0, true), OUTQ_EMPTY);
    ck_assert_int_eq(read(theirs, packet, sizeof(packet)), sizeof(digits) - 1 - 10 + 5);
    ck_assert_mem_eq(packet, digits, sizeof(digits) - 1 - 10);
    ck_assert_mem_eq(packet + sizeof(digits) - 1 - 10, "apart", 5);
    end();
}
END_TEST

/* _i: whether sendfile is used. */
START_TEST(mixes_memory_and_stretches_of_files)
{
    begin();
    int fd = make_file(100000);
    struct segment head = memory("head "), middle = memory(" mid "), tail = memory("!");
    struct segment whole = {.fd = fd, .left = 100000};
    struct segment part = {.fd = fd, .offset = 26, .left = 5};
    outq_add(&queue, &head);
    outq_add(&queue, &whole);
    outq_add(&queue, &middle);
    outq_add(&queue, &part);
    outq_add(&queue, &tail);
    ck_assert_uint_eq(queue.files, 2);
    ck_assert_int_eq(flush_all(_i == 1), OUTQ_EMPTY);
    ck_assert_uint_eq(queue.files, 0);
    ck_assert_uint_eq(received.len, 5 + 100000 + 5 + 5 + 1);
    ck_assert_int_eq(memcmp(received.data, "head abc", 8), 0);
    ck_assert_int_eq(memcmp(received.data + received.len - 11, " mid abcde!", 11), 0);
    ck_assert_int_eq(received.data[5 + 99999], 'a' + 99999 % 26);
    close(fd);
    end();
}
END_TEST

START_TEST(stops_when_the_socket_is_full_and_goes_on)
{
    begin();
    int fd = make_file(BIG);
    struct segment whole = {.fd = fd, .left = BIG};
    outq_add(&queue, &whole);
    enum outq_result result;
    while ((result = outq_flush(&queue, ours, 0, _i == 1)) == OUTQ_LIMIT) {
    }
    ck_assert_int_eq(result, OUTQ_BLOCKED);
    ck_assert_uint_gt(queue.sent, 0);
    ck_assert_uint_lt(queue.sent, BIG);
    ck_assert_int_eq(flush_all(_i == 1), OUTQ_EMPTY);
    ck_assert_uint_eq(received.len, BIG);
    for (size_t i = 0; i < received.len; i++) {
        ck_assert_int_eq(received.data[i], (char)('a' + i % 26));
    }
    close(fd);
    end();
}
END_TEST

START_TEST(keeps_to_the_limit)
{
    begin();
    int fd = make_file(1000);
    struct segment head = memory("0123456789");
    struct segment whole = {.fd = fd, .left = 1000};
    outq_add(&queue, &head);
    outq_add(&queue, &whole);
    ck_assert_int_eq(outq_flush(&queue, ours, 4, true), OUTQ_LIMIT);
    ck_assert_uint_eq(queue.sent, TORTURE ? 1 : 4);
    ck_assert_int_eq(outq_flush(&queue, ours, 100, true), OUTQ_LIMIT);
    ck_assert_uint_eq(queue.sent, TORTURE ? 2 : 104);
    ck_assert_int_eq(flush_all(true), OUTQ_EMPTY);
    ck_assert_uint_eq(received.len, 1010);
    close(fd);
    end();
}
END_TEST

START_TEST(tells_when_the_last_byte_is_the_limit)
{
    begin();
    struct segment a = memory("x");
    outq_add(&queue, &a);
    ck_assert_int_eq(outq_flush(&queue, ours, 1, true), OUTQ_EMPTY);
    ck_assert_int_eq(outq_flush(&queue, ours, 1, true), OUTQ_EMPTY);
    end();
}
END_TEST

static void connect_over_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr *any = (struct sockaddr *)&address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    ck_assert_int_eq(bind(listener, any, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, any, &len), 0);
    theirs = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(theirs, any, len), 0);
    ours = accept(listener, NULL, NULL);
    ck_assert_int_eq(setsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    close(listener);
    queue = (struct outq){0};
}

static ssize_t arrived(char *bytes, size_t size)
{
    return recv(theirs, bytes, size, MSG_DONTWAIT);
}

/* _i: whether the end follows. */
START_TEST(keeps_the_last_bytes_for_the_end_of_the_stream)
{
    char bytes[16];
    connect_over_tcp();
    struct segment a = memory("one "), b = memory("two");
    outq_add(&queue, &a);
    outq_add(&queue, &b);
    queue.ends = _i == 1;
    ck_assert_int_eq(outq_flush(&queue, ours, 5, true), OUTQ_LIMIT);
    ck_assert_int_eq(arrived(bytes, sizeof(bytes)), 5);
    ck_assert_int_eq(outq_flush(&queue, ours, 3, true), OUTQ_EMPTY);
    ck_assert_int_eq(arrived(bytes, sizeof(bytes)), _i == 1 ? -1 : 2);
    if (_i == 1) {
        shutdown(ours, SHUT_WR);
        ck_assert_int_eq(arrived(bytes, sizeof(bytes)), 2);
        ck_assert_int_eq(arrived(bytes, sizeof(bytes)), 0);
    }
    close(ours);
    close(theirs);
}
END_TEST

START_TEST(notices_a_file_that_became_shorter)
{
    begin();
    int fd = make_file(1000);
    struct segment whole = {.fd = fd, .left = 1000};
    outq_add(&queue, &whole);
    ck_assert_int_eq(ftruncate(fd, 300), 0);
    ck_assert_int_eq(flush_all(_i == 1), OUTQ_CUT);
    ck_assert_uint_eq(received.len, 300);
    close(fd);
    end();
}
END_TEST

START_TEST(reports_a_peer_that_went_away)
{
    begin();
    struct segment a = memory("hello");
    outq_add(&queue, &a);
    close(theirs);
    ck_assert_int_eq(outq_flush(&queue, ours, 0, true), OUTQ_ERROR);
    ck_assert_int_eq(errno, EPIPE);
    close(ours);
}
END_TEST

START_TEST(takes_new_segments_after_it_was_empty)
{
    begin();
    struct segment a = memory("a"), b = memory("b");
    outq_add(&queue, &a);
    ck_assert_int_eq(flush_all(true), OUTQ_EMPTY);
    outq_add(&queue, &b);
    ck_assert_int_eq(flush_all(true), OUTQ_EMPTY);
    ck_assert_uint_eq(queue.queued, 2);
    ck_assert_uint_eq(queue.sent, 2);
    ck_assert(slice_eq(buf_slice(&received), SLICE("ab")));
    end();
}
END_TEST

UNIT_SUITE(outq)
{
    UNIT_TEST(sends_memory_in_order);
    UNIT_TEST(sends_more_parts_than_one_call_takes);
    if (!TORTURE) { /* where each call sends one byte */
        UNIT_TEST(takes_neighbours_for_one_part);
        UNIT_LOOP(keeps_the_last_bytes_for_the_end_of_the_stream, 0, 2);
    }
    UNIT_LOOP(mixes_memory_and_stretches_of_files, 0, 2);
    UNIT_LOOP(stops_when_the_socket_is_full_and_goes_on, 0, 2);
    UNIT_TEST(keeps_to_the_limit);
    UNIT_TEST(tells_when_the_last_byte_is_the_limit);
    UNIT_LOOP(notices_a_file_that_became_shorter, 0, 2);
    UNIT_TEST(reports_a_peer_that_went_away);
    UNIT_TEST(takes_new_segments_after_it_was_empty);
}
