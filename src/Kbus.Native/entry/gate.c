/* gate.c - see gate.h.
 *
 * A forked child has a copy of the managed runtime's memory and none of its threads. It can use that copy if at the moment of the
 * fork no other thread was in managed code; then only the Ksocks that were open are not its own. So a fork waits a moment until all
 * calls have come out (those that only sleep count as out), and says so in the child. If they do not come out in time, or if the
 * process was cloned behind the C library's back, the child can use nothing of this library: it is told so, and never hangs.
 *
 * Forks are rare and calls are not. So a call only writes in a place of its own thread that it is inside, and looks whether anybody
 * forks; the order of the two is the forking thread's business, which makes a fence in all threads of the process.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void kbusnet_forked(void);
int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask);

/* What the process's page says. A fork of any kind leaves it with zeros. */
enum {
	NOT_OURS = 0,
	OURS = 1,
	OURS_SINCE_FORK = 2 /* the managed side has not been told yet */
};

#define LONGEST_WAIT_FOR_CALLS 1 /* seconds that a fork waits for calls to come out */

/* A thread that has been here, and whether it is inside. Its place is used again when it has ended. Places are never freed. */
struct kbus_visitor {
	atomic_int inside;
	atomic_int has_ended;
	int was_cancelled; /* in a sleep; it ends when it comes out */
	struct kbus_visitor *next;
};

static pthread_once_t started = PTHREAD_ONCE_INIT;
static _Atomic(atomic_uint *) page;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static const pthread_mutex_t fresh_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_forking;
static int has_process_fence;
static int everybody_is_out;
static int why_not_started; /* an errno */
static atomic_int must_compare_ids;
static pid_t owner; /* then: the process that may go in */
static _Atomic(struct kbus_visitor *) visitors;
static pthread_key_t place;
static pthread_t forker; /* who forks, while anybody does */
static __thread struct kbus_visitor *self;
static __thread int is_starting;

/* What the process's page says. A process that was cloned behind the C library's back is not ours. */
static inline unsigned state_of(atomic_uint *state)
{
	if (__builtin_expect(atomic_load_explicit(&must_compare_ids, memory_order_relaxed), 0) && owner != (pid_t)syscall(SYS_getpid))
		return NOT_OURS;
	return atomic_load_explicit(state, memory_order_relaxed);
}

static int fence_in_all_threads(void)
{
	if (!has_process_fence) {
		atomic_thread_fence(memory_order_seq_cst);
		return 1;
	}
	return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0 ||
	       (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0 &&
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

static int is_anybody_inside(void)
{
	for (struct kbus_visitor *each = atomic_load(&visitors); each != NULL; each = each->next)
		if (atomic_load(&each->inside) != 0)
			return 1;
	return 0;
}

static void before_fork(void)
{
	struct timespec now, limit, moment = { 0, 20000 };
	atomic_uint *state = atomic_load(&page);

	pthread_mutex_lock(&forking);
	forker = pthread_self();
	atomic_store(&is_forking, 1);
	everybody_is_out = state != NULL && state_of(state) != NOT_OURS && fence_in_all_threads();
	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += LONGEST_WAIT_FOR_CALLS;
	while (everybody_is_out && is_anybody_inside()) {
		nanosleep(&moment, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		everybody_is_out = now.tv_sec < limit.tv_sec || (now.tv_sec == limit.tv_sec && now.tv_nsec < limit.tv_nsec);
	}
}

static void after_fork_in_parent(void)
{
	atomic_store(&is_forking, 0);
	pthread_mutex_unlock(&forking);
}

static void after_fork_in_child(void)
{
	atomic_uint *state = atomic_load(&page);

	/* The other threads are not here. */
	for (struct kbus_visitor *each = atomic_load(&visitors); each != NULL; each = each->next)
		if (each != self) {
			atomic_store(&each->inside, 0);
			atomic_store(&each->has_ended, 1);
		}
	atomic_store(&is_forking, 0);
	forking = fresh_mutex;
	if (state != NULL) {
		owner = getpid();
		atomic_store(state, everybody_is_out ? OURS_SINCE_FORK : NOT_OURS);
	}
	kbus_forget_holders();
}

static void forget_thread(void *visitor)
{
	self = NULL;
	atomic_store(&((struct kbus_visitor *)visitor)->inside, 0);
	atomic_store(&((struct kbus_visitor *)visitor)->has_ended, 1);
}

/* Gives this thread a place; 0 if there is no memory for one. */
static int find_place(void)
{
	struct kbus_visitor *mine;

	for (mine = atomic_load(&visitors); mine != NULL; mine = mine->next) {
		int yes = 1;

		if (atomic_compare_exchange_strong(&mine->has_ended, &yes, 0))
			break;
	}
	if (mine == NULL) {
		mine = kbus_gate_allocate(sizeof(*mine));
		if (mine == NULL)
			return 0;
		mine->next = atomic_load(&visitors);
		while (!atomic_compare_exchange_weak(&visitors, &mine->next, mine))
			;
	}
	self = mine;
	pthread_setspecific(place, mine);
	return 1;
}

/* Says that this thread is inside. False, and it is not, if another one forks. A handler of fork that the host had registered before may call, too, after
 * ours has run: the thread that forks need not wait for itself. */
static inline int go_in(struct kbus_visitor *mine)
{
	atomic_store_explicit(&mine->inside, 1, memory_order_relaxed);
	if (has_process_fence)
		atomic_signal_fence(memory_order_seq_cst);
	else
		atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&is_forking, memory_order_acquire) || pthread_equal(forker, pthread_self()))
		return 1;
	atomic_store_explicit(&mine->inside, 0, memory_order_release);
	return 0;
}

static void go_in_after_fork(struct kbus_visitor *mine)
{
	while (!go_in(mine)) {
		pthread_mutex_lock(&forking);
		pthread_mutex_unlock(&forking);
	}
}

/* Where the kernel does not wipe a page in forked children, each call compares the process's id instead. */
static void watch_for_forks(atomic_uint *state)
{
	if (madvise(state, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) == 0)
		return;
	owner = getpid();
	atomic_store(&must_compare_ids, 1);
}

static void start(void)
{
	void *memory;

	why_not_started = kbus_start_runtime();
	if (why_not_started != 0)
		return;
	memory = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || pthread_key_create(&place, forget_thread) != 0 ||
	    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0) {
		why_not_started = ENOMEM; /* without them nothing could be promised to a child: the gate stays shut */
		return;
	}
	watch_for_forks(memory);
	has_process_fence = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
	atomic_store((atomic_uint *)memory, OURS);
	atomic_store(&page, (atomic_uint *)memory);
}

static struct kbus_visitor *enter_at_first(void)
{
	atomic_uint *state;
	int error = errno;

	if (is_starting)
		return NULL;
	is_starting = 1;
	pthread_once(&started, start);
	is_starting = 0;
	errno = error;
	state = atomic_load(&page);
	if (state == NULL || state_of(state) == NOT_OURS)
		return NULL;

	if (kbus_gate_is_inside() || (self == NULL && !find_place()))
		return NULL;
	go_in_after_fork(self);
	if (atomic_load(state) == OURS_SINCE_FORK) {
		pthread_mutex_lock(&telling);
		if (atomic_load(state) == OURS_SINCE_FORK) {
			kbusnet_forked();
			atomic_store(state, OURS);
		}
		pthread_mutex_unlock(&telling);
	}
	return self;
}

struct kbus_visitor *kbus_gate_enter(void)
{
	atomic_uint *state = atomic_load_explicit(&page, memory_order_acquire);
	struct kbus_visitor *mine = self;

	if (state == NULL || state_of(state) != OURS || mine == NULL)
		return enter_at_first();
	if (atomic_load_explicit(&mine->inside, memory_order_relaxed) != 0)
		return NULL;
	if (!go_in(mine))
		go_in_after_fork(mine);
	return mine;
}

int kbus_gate_why_shut(void)
{
	return why_not_started != 0 ? -why_not_started : -ENOTSUP;
}

const char *kbus_gate_shut_text(void)
{
	return why_not_started != 0 ? kbus_why_not_started() :
				      "This process was forked while its parent was using KBUS, and cannot use KBUS itself.";
}

int kbus_gate_is_inside(void)
{
	return is_starting || (self != NULL && atomic_load_explicit(&self->inside, memory_order_relaxed) != 0);
}

void kbus_gate_leave(struct kbus_visitor *visitor)
{
	atomic_store_explicit(&visitor->inside, 0, memory_order_release);
	if (visitor->was_cancelled) {
		visitor->was_cancelled = 0;
		pthread_exit(PTHREAD_CANCELED);
	}
}

/* Every poll of managed code comes here (--wrap=ppoll): who sleeps counts as out, so that a fork need not wait for it. */
int __wrap_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask)
{
	int result, error;
	int may_sleep = timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0;
	struct kbus_visitor *mine = self;

	(void)sigmask; /* managed code gives none */
	if (!may_sleep || mine == NULL || atomic_load_explicit(&mine->inside, memory_order_relaxed) == 0)
		return kbus_poll_uncancelled(fds, nfds, timeout);
	if (mine->was_cancelled) {
		errno = ECANCELED;
		return -1;
	}
	atomic_store_explicit(&mine->inside, 0, memory_order_release);
	result = kbus_poll_caught(fds, nfds, timeout, &mine->was_cancelled);
	error = errno;
	go_in_after_fork(mine);
	errno = error;
	return result;
}
