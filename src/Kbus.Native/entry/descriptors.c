/* descriptors.c - what the library opens never gets the number of a standard descriptor.
 *
 * A host may have closed its standard descriptors. The kernel gives the lowest free number, and the host's output, or that of a library that thinks
 * 2 is standard error, would go into a socket or the memory of a link. So while something is opened, places that can be neither read nor written
 * (O_PATH: EBADF, as from a closed one) hold the numbers that are free. Afterwards they are free again. Every function by which the library and its
 * runtime open something comes here (--wrap). What gets such a number all the same, because the host closed it in that very moment, is moved.
 */
#define _GNU_SOURCE
#include "gate.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_OF_OURS 3

static pthread_mutex_t holding = PTHREAD_MUTEX_INITIALIZER;
static int holders;
static int is_held[FIRST_OF_OURS];
static atomic_int have_been_free; /* whether a number was free when last looked */
static struct stat place;

static int is_free(int number)
{
	return fcntl(number, F_GETFD) < 0 && errno == EBADF;
}

static void hold_free_numbers(void)
{
	atomic_store(&have_been_free, 0);
	for (int number = 0; number < FIRST_OF_OURS; number++) {
		int opened;

		if (!is_free(number))
			continue;
		atomic_store(&have_been_free, 1);
		opened = (int)syscall(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);
		if (opened < 0)
			return;
		if (opened >= FIRST_OF_OURS || fstat(opened, &place) != 0)
			close(opened); /* the host has just used the number */
		else
			is_held[opened] = 1;
	}
}

/* Whoever shares the process may have put a file of its own there meanwhile. */
static int is_our_place(int number)
{
	struct stat now;
	int flags = fcntl(number, F_GETFL);

	return flags >= 0 && (flags & O_PATH) && fstat(number, &now) == 0 && now.st_dev == place.st_dev && now.st_ino == place.st_ino;
}

void kbus_hold_standard_descriptors(void)
{
	int error = errno;

	pthread_mutex_lock(&holding);
	if (holders++ == 0)
		hold_free_numbers();
	pthread_mutex_unlock(&holding);
	errno = error;
}

void kbus_free_standard_descriptors(void)
{
	int error = errno;

	pthread_mutex_lock(&holding);
	if (--holders == 0)
		for (int number = 0; number < FIRST_OF_OURS; number++) {
			if (is_held[number] && is_our_place(number))
				close(number);
			is_held[number] = 0;
		}
	pthread_mutex_unlock(&holding);
	errno = error;
}

void kbus_forget_holders(void)
{
	static const pthread_mutex_t fresh_mutex = PTHREAD_MUTEX_INITIALIZER;

	holding = fresh_mutex;
	if (holders > 0) {
		holders = 1;
		kbus_free_standard_descriptors();
	}
}

int kbus_above_standard(int number)
{
	int moved, error;

	if (number < 0 || number >= FIRST_OF_OURS)
		return number;
	moved = fcntl(number, F_DUPFD_CLOEXEC, FIRST_OF_OURS);
	error = errno;
	close(number);
	errno = error;
	return moved;
}

/* A function that opens one descriptor. */
#define OPENS(name, parameters, arguments)                        \
	int __real_##name parameters;                                \
	int __wrap_##name parameters;                                \
	int __wrap_##name parameters                                 \
	{                                                            \
		int number;                                          \
		kbus_hold_standard_descriptors();                    \
		number = kbus_above_standard(__real_##name arguments); \
		kbus_free_standard_descriptors();                    \
		return number;                                       \
	}

/* One that opens two. */
#define OPENS_TWO(name, parameters, arguments)                    \
	int __real_##name parameters;                                \
	int __wrap_##name parameters;                                \
	int __wrap_##name parameters                                 \
	{                                                            \
		int result;                                          \
		kbus_hold_standard_descriptors();                    \
		result = __real_##name arguments;                    \
		if (result == 0) {                                   \
			pair[0] = kbus_above_standard(pair[0]);      \
			pair[1] = kbus_above_standard(pair[1]);      \
		}                                                    \
		kbus_free_standard_descriptors();                    \
		return result;                                       \
	}

/* One that opens a file of the C library's, and may be a point of cancellation. */
#define OPENS_FILE(type, name, parameters, arguments)             \
	type *__real_##name parameters;                              \
	type *__wrap_##name parameters;                              \
	type *__wrap_##name parameters                               \
	{                                                            \
		type *file;                                          \
		int state = kbus_gate_forbid_cancelling();           \
		kbus_hold_standard_descriptors();                    \
		file = __real_##name arguments;                      \
		kbus_free_standard_descriptors();                    \
		kbus_gate_allow_cancelling(state);                   \
		return file;                                         \
	}

OPENS(socket, (int family, int type, int protocol), (family, type, protocol))
OPENS(eventfd, (unsigned count, int flags), (count, flags))
OPENS(memfd_create, (const char *name, unsigned flags), (name, flags))
OPENS(epoll_create1, (int flags), (flags))
OPENS(accept4, (int socket, struct sockaddr *address, socklen_t *length, int flags), (socket, address, length, flags))
OPENS_TWO(socketpair, (int family, int type, int protocol, int pair[2]), (family, type, protocol, pair))
OPENS_TWO(pipe, (int pair[2]), (pair))
OPENS_TWO(pipe2, (int pair[2], int flags), (pair, flags))
OPENS_FILE(FILE, fopen, (const char *path, const char *mode), (path, mode))
OPENS_FILE(FILE, fopen64, (const char *path, const char *mode), (path, mode))
OPENS_FILE(DIR, opendir, (const char *path), (path))

static void move_received(struct msghdr *message)
{
	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
		int *numbers = (int *)(void *)CMSG_DATA(head);

		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (head->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
			numbers[i] = kbus_above_standard(numbers[i]);
	}
}

/* Descriptors may come with what is received. This call alone stands on the path of a message, so it asks no more than needed: the link's own socket was
 * opened before, and then the numbers were looked at. By way of the kernel, since it must be no point of cancellation. */
ssize_t __wrap_recvmsg(int number, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int number, struct msghdr *message, int flags)
{
	int must_hold = atomic_load_explicit(&have_been_free, memory_order_relaxed);
	ssize_t received;

	if (must_hold)
		kbus_hold_standard_descriptors();
	received = syscall(SYS_recvmsg, number, message, flags);
	if (received >= 0 && message->msg_controllen > 0)
		move_received(message);
	if (must_hold)
		kbus_free_standard_descriptors();
	return received;
}
