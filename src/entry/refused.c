/* refused.c - which system call the runtime missed.
 *
 * The runtime ends without a word when a call that it needs is refused, by a filter (seccomp), a limit, or an old kernel. So each such call is tried
 * here once more, after the fact, and the first that fails is named. A process in which all goes well pays nothing for it.
 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define HEAP_LIMIT "DOTNET_GCHeapHardLimit" /* a number of hexadecimal digits */
#define SMALLEST_HEAP (16ull << 20)	     /* with less it starts, and may die of it at any time later */

struct trial {
	const char *call;
	int (*fails)(void); /* the errno of the call; 0 if it is there */
};

static int said(long result)
{
	return result < 0 ? errno : 0;
}

static int futex_fails(void)
{
	static int word;

	return said(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

static void *nothing(void *unused)
{
	return unused;
}

static int thread_fails(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	if (error == 0)
		pthread_join(thread, NULL);
	return error;
}

/* A kernel that has the call finds fault with the arguments; the C library makes do without it only if it is not there at all. */
static int clone3_fails(void)
{
	syscall(SYS_clone3, NULL, 0);
	return errno == EINVAL || errno == EFAULT || errno == ENOSYS ? 0 : errno;
}

static int sysinfo_fails(void)
{
	struct sysinfo about;

	return said(sysinfo(&about));
}

static int sigaction_fails(void)
{
	struct sigaction action;

	if (sigaction(SIGUSR2, NULL, &action) != 0)
		return errno;
	return said(sigaction(SIGUSR2, &action, NULL));
}

static int mmap_fails(void)
{
	void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, 1 << 20);
	return 0;
}

static const struct trial trials[] = {
	{ "futex", futex_fails },
	{ "rt_sigaction", sigaction_fails },
	{ "clone3", clone3_fails },
	{ "clone", thread_fails },
	{ "sysinfo", sysinfo_fails },
	{ "mmap", mmap_fails },
};

static int name_call(const char *call, int error, char *sentence, size_t length)
{
	const char *why = error == EAGAIN ? "this user may have no more threads (ulimit -u), or the machine or the container has none left" :
			  error == ENOMEM ? "there is not enough memory for it" :
			  error == EMFILE || error == ENFILE ? "there are no descriptors left (ulimit -n)" :
					    "the kernel or a filter of system calls (seccomp) refuses it";

	snprintf(sentence, length, "The system call %s fails with %s: %s. KBUS cannot do without it.", call, strerrorname_np(error), why);
	return error;
}

static int name_setting(const char *setting, char *sentence, size_t length)
{
	snprintf(sentence, length, "The .NET runtime cannot start with %.60s. Give it more, or take the setting away.", setting);
	return ENOMEM;
}

/* The first setting by which the collector may have been given too little. In the library it sees none. */
static const char *find_setting(void)
{
	for (char **each = environ; each && *each; each++)
		if (strncmp(*each, "DOTNET_GC", strlen("DOTNET_GC")) == 0)
			return *each;
	return NULL;
}

int kbus_why_no_runtime(char *sentence, size_t length)
{
	struct rlimit addresses;
	int error;

	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		error = trials[i].fails();
		if (error != 0)
			return name_call(trials[i].call, error, sentence, length);
	}
	if (!KBUS_IS_LIBRARY && find_setting() != NULL)
		return name_setting(find_setting(), sentence, length);
	if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY)
		snprintf(sentence, length, "The .NET runtime cannot start with %llu MiB of addresses (ulimit -v). Allow it more.",
			 (unsigned long long)addresses.rlim_cur >> 20);
	else
		snprintf(sentence, length, "The .NET runtime cannot start here: there is not enough memory, or a call that it needs is refused.");
	return ENOMEM;
}

int kbus_has_heap(char *sentence, size_t length)
{
	const char *limit = getenv(HEAP_LIMIT);
	char setting[60];

	if (limit == NULL || strtoull(limit, NULL, 16) == 0 || strtoull(limit, NULL, 16) >= SMALLEST_HEAP)
		return 1;
	snprintf(setting, sizeof(setting), HEAP_LIMIT "=%s", limit);
	name_setting(setting, sentence, length);
	return 0;
}

int kbus_has_pipes(char *sentence, size_t length)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		name_call("pipe2", errno, sentence, length);
		return 0;
	}
	close(ends[0]);
	close(ends[1]);
	return 1;
}
