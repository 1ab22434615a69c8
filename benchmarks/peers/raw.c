/*
 * The machine itself, without any bus: 64 bytes there and back between two processes that sleep while they wait, by a Unix socket, a TCP connection over the loopback, two pipes
 * or a futex in shared memory; and copying 1 MiB between buffers that wander through 256 MiB, so that neither is in a cache.
 *
 *     raw socket|tcp|pipe|futex|memcpy - ms=N warm=N
 *     raw spin -                             wants a processor until it is ended
 */
#define _GNU_SOURCE
#include "peer.h"
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define SIZE 64
#define MIB (1l << 20)
#define BUFFERS 256

struct ends {
    int in, out;
};

struct shared {
    uint32_t turn;
    char data[SIZE];
};

static void exchange(const struct run *run, void *argument_of_it)
{
    (void)run;
    struct ends *ends = argument_of_it;
    char data[SIZE] = { 0 };
    if (write(ends->out, data, SIZE) != SIZE || read(ends->in, data, SIZE) != SIZE)
        fail("exchange", "the other side has ended");
}

static void echo(struct ends ends)
{
    char data[SIZE];
    while (read(ends.in, data, SIZE) == SIZE && write(ends.out, data, SIZE) == SIZE)
        ;
    _exit(0);
}

/* Forks; the child echoes, and dies with us. */
static void measure_descriptors(struct run *run, struct ends ours, struct ends theirs)
{
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ours.in);
        close(ours.out);
        echo(theirs);
    }
    close(theirs.in);
    close(theirs.out);
    run->processes[run->process_count++] = child;
    time_round_trips(run, exchange, &ours);
}

/* Two ends of one connection. */
static void connect_by_tcp(int *one, int *other)
{
    struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof place;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    *one = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&place, sizeof place) != 0 || listen(listener, 1) != 0
        || getsockname(listener, (struct sockaddr *)&place, &length) != 0 || connect(*one, (struct sockaddr *)&place, length) != 0
        || (*other = accept(listener, NULL, NULL)) < 0)
        fail("tcp", "refused");
    setsockopt(*one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(*other, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    close(listener);
}

static void pass_turn(struct shared *shared, uint32_t from, uint32_t to)
{
    while (__atomic_load_n(&shared->turn, __ATOMIC_ACQUIRE) != from)
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, to, NULL, NULL, 0);
    memset(shared->data, (int)to, SIZE);
    __atomic_store_n(&shared->turn, to, __ATOMIC_RELEASE);
    syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void exchange_turns(const struct run *run, void *argument_of_it)
{
    (void)run;
    struct shared *shared = argument_of_it;
    pass_turn(shared, 0, 1);
    while (__atomic_load_n(&shared->turn, __ATOMIC_ACQUIRE) != 0)
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, 1, NULL, NULL, 0);
}

static void measure_futex(const struct run *run)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pass_turn(shared, 1, 0);
    }
    time_round_trips(run, exchange_turns, shared);
}

static void measure_memcpy(const struct run *run)
{
    char *area = mmap(NULL, BUFFERS * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        fail("mmap", "no 256 MiB");
    memset(area, 1, BUFFERS * MIB);
    long copies = 0;
    int64_t start = now_ns(), end = start + run->ms * 1000000ll, now;
    do {
        long from = copies * 2 % BUFFERS, to = (from + BUFFERS / 2 + 1) % BUFFERS;
        memcpy(area + to * MIB, area + from * MIB, MIB);
        copies++;
        now = now_ns();
    } while (now < end);
    printf("count=%ld bytes_per_s=%.0f\n", copies, (double)copies * MIB * 1e9 / (double)(now - start));
}

int main(int argc, char **argv)
{
    struct run run = read_arguments(argc, argv);
    int there[2], back[2];
    if (strcmp(run.role, "socket") == 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, there) != 0)
            fail("socketpair", "refused");
        measure_descriptors(&run, (struct ends){ there[0], there[0] }, (struct ends){ there[1], there[1] });
    } else if (strcmp(run.role, "tcp") == 0) {
        connect_by_tcp(&there[0], &there[1]);
        measure_descriptors(&run, (struct ends){ there[0], there[0] }, (struct ends){ there[1], there[1] });
    } else if (strcmp(run.role, "pipe") == 0) {
        if (pipe(there) != 0 || pipe(back) != 0)
            fail("pipe", "refused");
        measure_descriptors(&run, (struct ends){ back[0], there[1] }, (struct ends){ there[0], back[1] });
    } else if (strcmp(run.role, "futex") == 0) {
        measure_futex(&run);
    } else if (strcmp(run.role, "memcpy") == 0) {
        measure_memcpy(&run);
    } else if (strcmp(run.role, "spin") == 0) {
        /* Wants a processor, as long as it is let. */
        alarm(0);
        say_ready();
        for (;;)
            __asm__ volatile("" ::: "memory");
    } else {
        fail(run.role, "there is no such role");
    }
    return 0;
}
