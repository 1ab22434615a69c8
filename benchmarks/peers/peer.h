/*
 * What the clients of all peers share: arguments, time, samples, and the roles of a measurement.
 *
 *     PROGRAM echo ADDRESS                                 answers requests until it is ended
 *     PROGRAM ask  ADDRESS ms=N warm=N size=N              asks for so long, and says how long the answers took;
 *                                                          with pace=US one Request begins every so many microseconds, and the
 *                                                          processor time of the processes cpu=PID,PID... and of itself is told
 *     PROGRAM send ADDRESS ms=N warm=N size=N              sends what nobody hears, and says how long each took (KBUS only)
 *     PROGRAM hear ADDRESS index=N credit=N size=N         hears announcements until the one that says it is the last
 *     PROGRAM tell ADDRESS ms=N warm=N size=N listeners=N behind=N
 *                                                          announces for so long, never more than `behind` ahead of the slowest listener
 *
 * Those that serve say "ready"; all say what they found as "name=value" in one last line. Times are CLOCK_MONOTONIC in nanoseconds,
 * so the driver can subtract what one process said from what another said.
 *
 * Every announcement begins, and a big one also ends, with a mark: its number from 1, and flags. A listener that finds a number
 * missing or out of order fails; so a figure is only ever one of messages that all arrived.
 */
#ifndef KBUS_PEER_H
#define KBUS_PEER_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MARK_HELLO (1ull << 62) /* Are you there? Has no number. */
#define MARK_SYNC (1ull << 61)  /* Say at once how far you are. */
#define MARK_LAST (1ull << 60)  /* No more will come. */
#define MARK_NUMBER ((1ull << 60) - 1)
#define MOST_LISTENERS 64
#define MOST_SAMPLES 2000000
#define MOST_PROCESSES 64

struct run {
    const char *role;
    const char *address;
    long ms, warm, size, listeners, behind, index, credit, pace, pair;
    int processes[MOST_PROCESSES], process_count;
};

/* How far a listener is; it says so every `credit` messages. */
struct credit {
    uint64_t index;
    uint64_t heard;
};

static inline void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

static long argument(int argc, char **argv, const char *name, long otherwise)
{
    size_t length = strlen(name);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
            return atol(argv[i] + length + 1);
    }
    return otherwise;
}

/* Whose processor time is told besides one's own: cpu=PID,PID... */
static void read_processes(struct run *run, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "cpu=", 4) != 0)
            continue;
        for (char *next = argv[i] + 4; *next >= '0' && *next <= '9' && run->process_count < MOST_PROCESSES; next += *next == ',')
            run->processes[run->process_count++] = (int)strtol(next, &next, 10);
    }
}

static struct run read_arguments(int argc, char **argv)
{
    if (argc < 3)
        fail(argv[0], "needs a role and an address");
    struct run run = {
        .role = argv[1],
        .address = argv[2],
        .ms = argument(argc, argv, "ms", 500),
        .warm = argument(argc, argv, "warm", 50),
        .size = argument(argc, argv, "size", 64),
        .listeners = argument(argc, argv, "listeners", 1),
        .behind = argument(argc, argv, "behind", 32768),
        .index = argument(argc, argv, "index", 0),
        .credit = argument(argc, argv, "credit", 8192),
        .pace = argument(argc, argv, "pace", 0),
        .pair = argument(argc, argv, "pair", 0),
    };
    read_processes(&run, argc, argv);
    if (run.listeners > MOST_LISTENERS || run.size < 16)
        fail(argv[0], "at most 64 listeners, at least 16 bytes");
    /* Whoever started us ends us, also by dying; and nothing waits for ever for a message that was lost. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm((unsigned)((run.ms + run.warm) / 1000 + 45));
    return run;
}

static int compare_samples(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Processor time of a process, in nanoseconds; 0 if it has ended. */
static int64_t processor_time_of(int process)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Processor time of this process and of the others that were named. */
static int64_t processor_time(const struct run *run)
{
    int64_t sum = processor_time_of(getpid());
    for (int i = 0; i < run->process_count; i++)
        sum += processor_time_of(run->processes[i]);
    return sum;
}

/* How often the machine has changed from one thread to another. */
static int64_t thread_switches(void)
{
    char line[256];
    long long count = 0;
    FILE *stat = fopen("/proc/stat", "r");
    while (stat != NULL && count == 0 && fgets(line, sizeof line, stat) != NULL)
        sscanf(line, "ctxt %lld", &count);
    if (stat != NULL)
        fclose(stat);
    return count;
}

/* Waits until the next Request is due. One that is late begins at once, and the next ones are due after it. */
static void wait_until_due(const struct run *run, int64_t *due)
{
    int64_t now = now_ns();
    *due = *due + run->pace * 1000 > now ? *due + run->pace * 1000 : now;
    struct timespec t = { .tv_sec = *due / 1000000000, .tv_nsec = *due % 1000000000 };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static void say_samples(const struct run *run, uint32_t *samples, long count, int64_t processor, int64_t switches)
{
    if (count == 0)
        fail(run->role, "not one round trip was made in time");
    qsort(samples, (size_t)count, sizeof *samples, compare_samples);
    printf("count=%ld median_ns=%u p99_ns=%u p999_ns=%u max_ns=%u cpu_ns=%lld switches=%.3f\n", count, samples[count / 2],
           samples[count * 99 / 100], samples[count * 999 / 1000], samples[count - 1], (long long)(processor / count),
           (double)switches / (double)count);
}

/* Requests at the pace that are made before the measured ones: whoever learns when to spin has learnt the pace then. */
static int lead_in(const struct run *run)
{
    long count = run->pace == 0 ? 0 : 500000 / run->pace;
    return count > 50 ? 50 : count < 3 && run->pace > 0 ? 3 : (int)count;
}

/* Calls round_trip for run->warm, then for run->ms milliseconds, and says how long one took. */
static void time_round_trips(const struct run *run, void (*round_trip)(const struct run *, void *), void *argument_of_it)
{
    uint32_t *samples = malloc(MOST_SAMPLES * sizeof *samples);
    memset(samples, 1, MOST_SAMPLES * sizeof *samples);
    for (int64_t end = now_ns() + run->warm * 1000000ll; now_ns() < end;)
        round_trip(run, argument_of_it);
    if (run->pace > 0)
        prctl(PR_SET_TIMERSLACK, 1);
    int64_t due = now_ns();
    for (int left = lead_in(run); left > 0; left--) {
        wait_until_due(run, &due);
        round_trip(run, argument_of_it);
    }
    long count = 0;
    int64_t processor = processor_time(run), switches = thread_switches();
    int64_t before = now_ns(), end = before + run->ms * 1000000ll;
    while (before < end && count < MOST_SAMPLES) {
        if (run->pace > 0) {
            wait_until_due(run, &due);
            before = now_ns();
        }
        round_trip(run, argument_of_it);
        int64_t after = now_ns(), took = after - before;
        samples[count++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
        before = after;
    }
    say_samples(run, samples, count, processor_time(run) - processor, thread_switches() - switches);
    free(samples);
}

/* A name for this pair alone: the base for the first, and with a number for the others. */
static inline const char *of_pair(const struct run *run, const char *base)
{
    static const char *named;
    static char name[64];
    if (named != base)
        snprintf(name, sizeof name, run->pair == 0 ? "%s" : "%s%ld", named = base, run->pair);
    return name;
}

#ifdef KBUS_PEER_IS_BUS

/* What each peer's own file defines. Each is called only in the role that it is for. */
static void peer_open(const struct run *run);                                  /* connects, for run->role */
static void peer_echo(const struct run *run);                                  /* answers for ever */
static void peer_ask(const struct run *run, const void *data);                 /* sends run->size bytes and waits for the answer */
static void peer_tell(const struct run *run, const void *data);                /* announces run->size bytes, perhaps only into a buffer */
static void peer_flush(const struct run *run);                                 /* sends on whatever lies in buffers */
static bool peer_take_credit(const struct run *run, struct credit *c, int ms); /* false if none came in time; ms 0 only looks */
static const void *peer_hear(const struct run *run, size_t *size);             /* waits; the data stays until the next call */
static void peer_give_credit(const struct run *run, const struct credit *c);   /* sends at once */

#ifdef KBUS_PEER_SENDS
static void peer_send(const struct run *run, const void *data); /* sends run->size bytes to nobody and waits for the bus's answer */

static void send_once(const struct run *run, void *data)
{
    peer_send(run, data);
}
#endif

static uint64_t heard_by[MOST_LISTENERS];
static bool said_hello[MOST_LISTENERS];

static uint64_t slowest(const struct run *run)
{
    uint64_t least = heard_by[0];
    for (long i = 1; i < run->listeners; i++)
        least = heard_by[i] < least ? heard_by[i] : least;
    return least;
}

static bool take_credit(const struct run *run, int ms)
{
    struct credit c;
    if (!peer_take_credit(run, &c, ms))
        return false;
    if (c.index < MOST_LISTENERS) {
        said_hello[c.index] = true;
        heard_by[c.index] = c.heard > heard_by[c.index] ? c.heard : heard_by[c.index];
    }
    return true;
}

static void tell_marked(const struct run *run, char *data, uint64_t mark)
{
    memcpy(data, &mark, sizeof mark);
    memcpy(data + run->size - sizeof mark, &mark, sizeof mark);
    peer_tell(run, data);
}

/* Announces until every listener has answered: some peers cannot say when a subscription holds. */
static void find_listeners(const struct run *run, char *data)
{
    long found = 0;
    for (int64_t end = now_ns() + 20000000000ll; found < run->listeners;) {
        if (now_ns() > end)
            fail("tell", "not all listeners answered");
        tell_marked(run, data, MARK_HELLO);
        peer_flush(run);
        while (take_credit(run, 50)) {
            found = 0;
            for (long i = 0; i < run->listeners; i++)
                found += said_hello[i];
            if (found == run->listeners)
                break;
        }
    }
}

/* Announces for so long, then waits until everybody has heard everything. Gives the number of the last. */
static uint64_t tell_for(const struct run *run, char *data, uint64_t number, long ms, uint64_t last_mark)
{
    uint64_t every = run->size > 65536 ? 1 : 64;
    int64_t end = now_ns() + ms * 1000000ll;
    while (number % every != 0 || now_ns() < end) {
        tell_marked(run, data, ++number);
        if (number % every == 0) {
            while (take_credit(run, 0))
                ;
        }
        if (number - slowest(run) >= (uint64_t)run->behind) {
            peer_flush(run);
            while (number - slowest(run) >= (uint64_t)run->behind)
                take_credit(run, 1000);
        }
    }
    tell_marked(run, data, ++number | last_mark);
    peer_flush(run);
    while (slowest(run) < number)
        take_credit(run, 1000);
    return number;
}

static void tell(const struct run *run)
{
    char *data = calloc(1, (size_t)run->size);
    find_listeners(run, data);
    uint64_t before = tell_for(run, data, 0, run->warm, MARK_SYNC);
    int64_t start = now_ns();
    uint64_t last = tell_for(run, data, before, run->ms, MARK_LAST);
    printf("count=%llu start_ns=%lld\n", (unsigned long long)(last - before), (long long)start);
    free(data);
}

static void hear(const struct run *run)
{
    struct credit c = { .index = (uint64_t)run->index };
    uint64_t mark = 0, end_mark, credited = 0;
    while (!(mark & MARK_LAST)) {
        size_t size;
        const char *data = peer_hear(run, &size);
        if (size != (size_t)run->size)
            fail("hear", "an announcement has another size");
        memcpy(&mark, data, sizeof mark);
        memcpy(&end_mark, data + size - sizeof mark, sizeof mark);
        if (mark != end_mark)
            fail("hear", "an announcement ends otherwise than it began");
        if (!(mark & MARK_HELLO) && (mark & MARK_NUMBER) != ++c.heard)
            fail("hear", "an announcement is missing or out of order");
        if (mark & ~MARK_NUMBER || c.heard - credited >= (uint64_t)run->credit) {
            /* The time counts before the credit goes out: the measurement ends with the message. */
            if (mark & MARK_LAST)
                printf("heard=%llu last_ns=%lld\n", (unsigned long long)c.heard, (long long)now_ns());
            peer_give_credit(run, &c);
            credited = c.heard;
        }
    }
}

static void ask_once(const struct run *run, void *data)
{
    peer_ask(run, data);
}

int main(int argc, char **argv)
{
    struct run run = read_arguments(argc, argv);
    peer_open(&run);
    if (strcmp(run.role, "echo") == 0) {
        alarm(0);
        say_ready();
        peer_echo(&run);
    } else if (strcmp(run.role, "ask") == 0) {
        time_round_trips(&run, ask_once, calloc(1, (size_t)run.size));
#ifdef KBUS_PEER_SENDS
    } else if (strcmp(run.role, "send") == 0) {
        time_round_trips(&run, send_once, calloc(1, (size_t)run.size));
#endif
    } else if (strcmp(run.role, "hear") == 0) {
        say_ready();
        hear(&run);
    } else if (strcmp(run.role, "tell") == 0) {
        tell(&run);
    } else {
        fail(run.role, "there is no such role");
    }
    fflush(stdout);
    return 0;
}

#endif
#endif
