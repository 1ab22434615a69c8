/* cancel.c - a thread that the host cancels while it is in a call.
 *
 * To end it in the middle of managed code would leave behind what it held there, and the Ksock with it would be of no use any more. So nothing that
 * managed code calls is a point of cancellation: what may stand on the path of a message is called without the C library's help, which costs
 * nothing, and the rest with cancellation switched off. Only a thread that sleeps in poll can be cancelled there. That is caught, as the handlers of
 * pthread_cleanup_push catch it; managed code hears of it as an error of poll, comes out of the gate, and there the thread ends.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

ssize_t __wrap_read(int number, void *bytes, size_t count);
ssize_t __wrap_write(int number, const void *bytes, size_t count);
ssize_t __wrap_pread(int number, void *bytes, size_t count, off_t offset);
ssize_t __wrap_recv(int number, void *bytes, size_t count, int flags);
ssize_t __wrap_send(int number, const void *bytes, size_t count, int flags);
ssize_t __wrap_sendmsg(int number, const struct msghdr *message, int flags);
int __wrap_connect(int number, const struct sockaddr *address, socklen_t length);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int number);

ssize_t __wrap_read(int number, void *bytes, size_t count)
{
	return syscall(SYS_read, number, bytes, count);
}

ssize_t __wrap_write(int number, const void *bytes, size_t count)
{
	return syscall(SYS_write, number, bytes, count);
}

ssize_t __wrap_pread(int number, void *bytes, size_t count, off_t offset)
{
	return syscall(SYS_pread64, number, bytes, count, offset);
}

ssize_t __wrap_recv(int number, void *bytes, size_t count, int flags)
{
	return syscall(SYS_recvfrom, number, bytes, count, flags, NULL, NULL);
}

ssize_t __wrap_send(int number, const void *bytes, size_t count, int flags)
{
	return syscall(SYS_sendto, number, bytes, count, flags, NULL, 0);
}

ssize_t __wrap_sendmsg(int number, const struct msghdr *message, int flags)
{
	return syscall(SYS_sendmsg, number, message, flags);
}

int __wrap_connect(int number, const struct sockaddr *address, socklen_t length)
{
	return (int)syscall(SYS_connect, number, address, length);
}

int __wrap_open64(const char *path, int flags, ...) __attribute__((alias("__wrap_open")));

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;
	int number;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		va_end(rest);
	}
	kbus_hold_standard_descriptors();
	number = kbus_above_standard((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode));
	kbus_free_standard_descriptors();
	return number;
}

int __wrap_close(int number)
{
	return (int)syscall(SYS_close, number);
}

int __real_ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask);

/* Not by way of the C library. The kernel counts the time down where it lies. */
int kbus_poll_uncancelled(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout)
{
	struct timespec left;

	if (timeout)
		left = *timeout;
	return (int)syscall(SYS_ppoll, fds, nfds, timeout ? &left : NULL, NULL, 0);
}

int kbus_poll_caught(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, int *was_cancelled)
{
#ifdef __GLIBC__
	/* What pthread_cleanup_push makes of itself in C, which comes back here; but it goes on from here, and not to the end of the thread. */
	__pthread_unwind_buf_t here;
	int result;

	if (__builtin_expect(__sigsetjmp((struct __jmp_buf_tag *)(void *)here.__cancel_jmp_buf, 0), 0)) {
		__pthread_unregister_cancel(&here);
		*was_cancelled = 1;
		errno = ECANCELED;
		return -1;
	}
	__pthread_register_cancel(&here);
	result = __real_ppoll(fds, nfds, timeout, NULL);
	__pthread_unregister_cancel(&here);
	return result;
#else
	(void)was_cancelled;
	return kbus_poll_uncancelled(fds, nfds, timeout);
#endif
}

/* A function as it is, but no point of cancellation. */
#define UNCANCELLED(type, name, parameters, arguments)               \
	type __real_##name parameters;                               \
	type __wrap_##name parameters;                               \
	type __wrap_##name parameters                                \
	{                                                            \
		int state;                                           \
		type result;                                         \
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); \
		result = __real_##name arguments;                    \
		pthread_setcancelstate(state, &state);               \
		return result;                                       \
	}

UNCANCELLED(int, pthread_cond_wait, (pthread_cond_t *condition, pthread_mutex_t *mutex), (condition, mutex))
UNCANCELLED(int, pthread_cond_timedwait, (pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *limit),
	    (condition, mutex, limit))
UNCANCELLED(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left))
UNCANCELLED(int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *time, struct timespec *left), (clock, flags, time, left))
UNCANCELLED(pid_t, waitpid, (pid_t process, int *status, int options), (process, status, options))
