/* gate.c - see gate.h.
 *
 * A forked child has a copy of the managed runtime's memory and none of its threads. It can use that copy if at the moment of the
 * fork no other thread was in managed code; then only the Ksocks that were open are not its own. So a fork waits a moment until all
 * calls have come out (those that only sleep count as out), and says so in the child. If they do not come out in time, or if the
 * process was cloned behind the C library's back, the child can use nothing of this library: it is told so, and never hangs.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

void kbusnet_start(void);
void kbusnet_forked(void);
int __real_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask);
int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask);

/* What the process's page says. A fork of any kind leaves it with zeros. */
enum {
	NOT_OURS = 0,
	OURS = 1,
	OURS_SINCE_FORK = 2 /* the managed side has not been told yet */
};

#define LONGEST_WAIT_FOR_CALLS 1 /* seconds that a fork waits for calls to come out */
#define ACTIVATION_SIGNAL SIGRTMIN /* by which the runtime stops its threads */

static pthread_once_t started = PTHREAD_ONCE_INIT;
static _Atomic(atomic_uint *) page;
static const pthread_rwlock_t fresh_gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static int everybody_is_out;
static __thread int is_inside;

static void before_fork(void)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LONGEST_WAIT_FOR_CALLS;
	everybody_is_out = pthread_rwlock_timedwrlock(&gate, &limit) == 0;
}

static void after_fork_in_parent(void)
{
	if (everybody_is_out)
		pthread_rwlock_unlock(&gate);
}

static void after_fork_in_child(void)
{
	atomic_uint *state = atomic_load(&page);

	/* The thread that holds the lock has another id here and could not unlock it. */
	gate = fresh_gate;
	if (everybody_is_out && (state != NULL))
		atomic_store(state, OURS_SINCE_FORK);
}

/* The runtime ignores SIGPIPE and starts a thread: neither is to change what signals do to the host. */
static void start(void)
{
	struct sigaction pipe_action;
	sigset_t all, before;
	void *memory;

	sigfillset(&all);
	sigdelset(&all, ACTIVATION_SIGNAL);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGTRAP);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	sigaction(SIGPIPE, NULL, &pipe_action);
	kbusnet_start();
	sigaction(SIGPIPE, &pipe_action, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) != 0 ||
	    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0)
		return; /* without them nothing could be promised to a child: the gate stays shut */
	atomic_store((atomic_uint *)memory, OURS);
	atomic_store(&page, (atomic_uint *)memory);
}

static enum kbus_gate enter_at_first(void)
{
	atomic_uint *state;
	int error = errno;

	pthread_once(&started, start);
	errno = error;
	state = atomic_load(&page);
	if (state == NULL || atomic_load(state) == NOT_OURS)
		return KBUS_GATE_SHUT;

	pthread_rwlock_rdlock(&gate);
	is_inside = 1;
	if (atomic_load(state) == OURS_SINCE_FORK) {
		pthread_mutex_lock(&telling);
		if (atomic_load(state) == OURS_SINCE_FORK) {
			kbusnet_forked();
			atomic_store(state, OURS);
		}
		pthread_mutex_unlock(&telling);
	}
	return KBUS_GATE_OPEN;
}

enum kbus_gate kbus_gate_enter(void)
{
	atomic_uint *state = atomic_load_explicit(&page, memory_order_acquire);

	if (state == NULL || atomic_load_explicit(state, memory_order_relaxed) != OURS)
		return enter_at_first();
	pthread_rwlock_rdlock(&gate);
	is_inside = 1;
	return KBUS_GATE_OPEN;
}

void kbus_gate_leave(void)
{
	is_inside = 0;
	pthread_rwlock_unlock(&gate);
}

/* Every poll of managed code comes here (--wrap=ppoll): who sleeps counts as out, so that a fork need not wait for it. */
int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask)
{
	int result, error;
	int may_sleep = is_inside && (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0);

	if (!may_sleep)
		return __real_ppoll(fds, nfds, timeout, sigmask);
	kbus_gate_leave();
	result = __real_ppoll(fds, nfds, timeout, sigmask);
	error = errno;
	pthread_rwlock_rdlock(&gate);
	is_inside = 1;
	errno = error;
	return result;
}
