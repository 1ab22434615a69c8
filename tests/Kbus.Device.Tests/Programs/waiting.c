/* A program written for /dev/kbusN, with nothing but system calls: how it is woken, and what fork shares.
   usage: waiting DEVICE. Says what went wrong and exits with 1, or exits with 0. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIND _IOW('k', 2, char *)
#define KSOCKID _IOR('k', 4, char *)
#define NEXTMSG _IOR('k', 6, char *)
#define SEND _IOR('k', 8, char *)
#define MAXMSGS _IOWR('k', 11, char *)
#define NUMMSGS _IOR('k', 12, char *)
#define ALL_OR_WAIT 0x100

struct header {
    uint32_t start, id[2], in_reply_to[2], to, from, orig_from[2], final_to[2], extra, flags, name_len, data_len;
    const char *name;
    const void *data;
    uint32_t end;
};

struct name { uint32_t is_replier, len; const char *name; };

#define CHECK(what) do { if (!(what)) { printf("line %d: %s (errno %d)\n", __LINE__, #what, errno); exit(1); } } while (0)

static const char *device;

static int opened(void)
{
    int fd = open(device, O_RDWR);
    CHECK(fd >= 0);
    return fd;
}

static void bind_to(int fd, const char *name)
{
    struct name n = { 0, strlen(name), name };
    CHECK(ioctl(fd, BIND, &n) == 0);
}

static int try_send(int fd, const char *name, const char *data, uint32_t flags)
{
    uint32_t id[2];
    struct header h = { .start = 0x7375624B, .flags = flags, .name_len = strlen(name), .data_len = strlen(data),
                        .name = name, .data = data, .end = 0x4B627573 };
    CHECK(write(fd, &h, sizeof h) == sizeof h);
    return ioctl(fd, SEND, id);
}

static uint32_t next(int fd, char *message, size_t size)
{
    uint32_t len = 0;
    int found = ioctl(fd, NEXTMSG, &len);
    CHECK(found >= 0);
    if (!found)
        return 0;
    CHECK(len <= size && read(fd, message, len) == (ssize_t)len);
    return len;
}

static uint32_t get(int fd, unsigned long code)
{
    uint32_t value = 0;
    CHECK(ioctl(fd, code, &value) >= 0);
    return value;
}

/* Sends or takes, as soon as the main thread seems to be asleep. */
struct later { int fd; char what; };

static void *do_later(void *given)
{
    struct later *l = given;
    char message[1000], state = 0, path[64], line[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    for (int i = 0; i < 1000 && state != 'S'; i++) {
        usleep(1000);
        FILE *f = fopen(path, "r");
        if (f && fgets(line, sizeof line, f))
            state = strrchr(line, ')')[2];
        if (f)
            fclose(f);
    }
    usleep(20000);
    if (l->what == 's')
        CHECK(try_send(l->fd, "$.Wake", "up", 0) == 0);
    else
        CHECK(next(l->fd, message, sizeof message) > 0);
    return NULL;
}

static void woken_by_a_message(int kind)
{
    int listener = opened(), sender = opened();
    struct later l = { sender, 's' };
    pthread_t thread;
    char message[1000];
    bind_to(listener, "$.Wake");
    for (int round = 0; round < 3; round++) {
        CHECK(pthread_create(&thread, NULL, do_later, &l) == 0);
        if (kind == 0) {
            fd_set set;
            FD_ZERO(&set);
            FD_SET(listener, &set);
            CHECK(select(listener + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(listener, &set));
        } else if (kind == 1) {
            struct pollfd p = { listener, POLLIN, 0 };
            CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
        } else {
            int e = epoll_create1(0);
            struct epoll_event want = { .events = EPOLLIN }, got;
            CHECK(e >= 0 && epoll_ctl(e, EPOLL_CTL_ADD, listener, &want) == 0);
            CHECK(epoll_wait(e, &got, 1, -1) == 1 && got.events == EPOLLIN);
            close(e);
        }
        pthread_join(thread, NULL);
        CHECK(next(listener, message, sizeof message) == 88 + 8 + 4 + 4);
        CHECK(next(listener, message, sizeof message) == 0);
    }
    close(listener);
    close(sender);
}

static void woken_by_room(void)
{
    int listener = opened(), sender = opened();
    uint32_t one = 1;
    struct later l = { listener, 't' };
    pthread_t thread;
    char message[1000];
    bind_to(listener, "$.Wake");
    CHECK(ioctl(listener, MAXMSGS, &one) == 0);
    CHECK(try_send(sender, "$.Wake", "first", 0) == 0);
    CHECK(try_send(sender, "$.Wake", "second", ALL_OR_WAIT) == -1 && errno == EAGAIN);
    CHECK(write(sender, "x", 1) == -1 && errno == EALREADY);
    struct pollfd p = { sender, POLLOUT, 0 };
    CHECK(poll(&p, 1, 0) == 0);
    CHECK(pthread_create(&thread, NULL, do_later, &l) == 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(sender, &set);
    CHECK(select(sender + 1, NULL, &set, NULL, NULL) == 1 && FD_ISSET(sender, &set));
    pthread_join(thread, NULL);
    CHECK(get(listener, NUMMSGS) == 1);
    CHECK(next(listener, message, sizeof message) > 0);
    CHECK(memcmp(message + 88 + 8, "second", 6) == 0);

    /* Also when the one who had no room goes away (D7). */
    CHECK(try_send(sender, "$.Wake", "first", 0) == 0);
    CHECK(try_send(sender, "$.Wake", "second", ALL_OR_WAIT) == -1 && errno == EAGAIN);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(sender);
        usleep(50000);
        _exit(0);
    }
    close(listener);
    FD_ZERO(&set);
    FD_SET(sender, &set);
    CHECK(select(sender + 1, NULL, &set, NULL, NULL) == 1);
    CHECK(waitpid(child, NULL, 0) == child);
    close(sender);
}

static void shared_by_fork(void)
{
    int shared = opened(), other = opened(), status;
    uint32_t id = get(shared, KSOCKID);
    char message[1000];
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(get(shared, KSOCKID) == id);
        bind_to(shared, "$.Family");
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(try_send(other, "$.Family", "still bound", 0) == 0);
    CHECK(next(shared, message, sizeof message) > 0);
    close(shared);
    close(other);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    device = argv[1];
    alarm(100);
    for (int kind = 0; kind < 3; kind++)
        woken_by_a_message(kind);
    woken_by_room();
    shared_by_fork();
    return 0;
}
