#include "server/ev.h"
#include "server/sendfile.h"
#include "tests/unit/unit.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE ((size_t)163840) /* two and a half of the kernel's pieces */

static int ours;
static int theirs;
static FILE *file;

/* The reader has room for all of it, so that only the sender cuts packets. */
static void begin(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(at);
    int yes = 1, room = 2 << 20;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    theirs = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(theirs, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    ck_assert_int_eq(connect(theirs, (struct sockaddr *)&at, len), 0);
    ours = accept(listener, NULL, NULL);
    ck_assert_int_ge(ours, 0);
    setsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    close(listener);
    file = tmpfile();
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)SIZE), 0);
}

static void end(void)
{
    close(ours);
    close(theirs);
    fclose(file);
}

/* Those that left; one of them may have been sent twice. The kernel tells more than
 * libc's tcp_info has. */
static void count_packets(uint32_t *packets, uint32_t *needed)
{
    enum { MSS = 4, PACKETS = 39 };
    uint32_t info[64] = {0};
    socklen_t len = sizeof(info);
    ck_assert_int_eq(getsockopt(ours, IPPROTO_TCP, TCP_INFO, info, &len), 0);
    ck_assert_uint_gt(len, PACKETS * sizeof(info[0]));
    *packets = info[PACKETS];
    *needed = ((uint32_t)SIZE + info[MSS] - 1) / info[MSS];
}

START_TEST(fills_the_packets_of_a_large_file)
{
    begin();
    uint32_t packets, needed;
    ck_assert_int_eq(sendfile_move(ours, fileno(file), 0, SIZE, false), SIZE);
    count_packets(&packets, &needed);
    ck_assert_uint_le(packets, needed + 1);
    end();
}
END_TEST

START_TEST(holds_nothing_back_in_the_end)
{
    begin();
    static char bytes[SIZE];
    int corked;
    socklen_t len = sizeof(corked);
    ck_assert_int_eq(sendfile_move(ours, fileno(file), 0, SIZE, false), SIZE);
    ck_assert_int_eq(getsockopt(ours, IPPROTO_TCP, TCP_CORK, &corked, &len), 0);
    ck_assert_int_eq(corked, 0);
    ck_assert_int_eq(recv(theirs, bytes, SIZE, MSG_WAITALL), SIZE);
    end();
}
END_TEST

/* The POSIX twin moves a buffer at a time and promises neither. */
UNIT_SUITE(sendfile)
{
    if (strcmp(ev_backend_name(), "epoll") == 0) {
        UNIT_TEST(fills_the_packets_of_a_large_file);
        UNIT_TEST(holds_nothing_back_in_the_end);
    }
}
