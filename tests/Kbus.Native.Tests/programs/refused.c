/* refused.c - system calls that a filter, a limit or a kernel refuses: the library does without them, or its functions say which it was. */
#define _GNU_SOURCE
#include "check.h"
#include "refuse.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static long call;
static int error;
static const char *named;

static void send_and_read(void)
{
	kbus_ksock_t ksock = open_ksock();

	EXPECT_INT(0, kbus_ksock_bind(ksock, "$.Told", 0));
	send_named(ksock, "$.Told", "this", 0, 0);
	read_and_forget(ksock);
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

static void in_child(void (*act)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		act();
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

static void filter_and_work(void)
{
	EXPECT_INT(0, refuse(call, error));
	send_and_read();
	in_child(send_and_read);
}

static void expect_error_with_its_name(void)
{
	EXPECT(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	EXPECT_ERROR(error, kbus_ksock_open(0, O_RDWR));
	EXPECT(strstr(kbus_error_text(error, "open"), named) != NULL);
	EXPECT_ERROR(EBADF, kbus_ksock_close(3));
	EXPECT(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGSEGV, SIG_DFL) == SIG_DFL);
}

static void filter_and_fail(void)
{
	struct rlimit none = { 0, 0 };

	EXPECT_INT(0, setrlimit(RLIMIT_CORE, &none));
	EXPECT_INT(0, refuse(call, error));
	EXPECT_ERROR(error, kbus_ksock_open(0, O_RDWR));
	EXPECT_ERROR(error, kbus_ksock_open(0, O_RDWR));
	EXPECT(strstr(kbus_error_text(error, "open"), named) != NULL);
	EXPECT_ERROR(EBADF, kbus_ksock_close(3));
}

static void have_no_more_threads(void)
{
	struct rlimit none = { 0, 0 };

	EXPECT_INT(0, setrlimit(RLIMIT_NPROC, &none));
	EXPECT_INT(0, geteuid() == 0 ? setresuid(NOBODY, NOBODY, NOBODY) : 0);
	expect_error_with_its_name();
}

static int in_clone(void *ksock)
{
	kbus_ksock_t parents = *(kbus_ksock_t *)ksock;

	EXPECT_ERROR(EBADF, kbus_ksock_discard(parents));
	EXPECT_ERROR(ENOTSUP, kbus_ksock_open(0, O_RDWR));
	return 0;
}

/* The kernel does not say by itself that this is a child, nor does the C library know of every one. */
static void fork_without_the_kernels_help(void)
{
	static char stack[262144] __attribute__((aligned(16)));
	kbus_ksock_t ksock;
	int status;
	pid_t child;

	EXPECT_INT(0, refuse(SYS_madvise, EPERM));
	ksock = open_ksock();
	in_child(send_and_read);
	child = fork();
	if (child == 0) {
		EXPECT_ERROR(EBADF, kbus_ksock_discard(ksock));
		send_and_read();
		in_child(send_and_read);
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
	child = clone(in_clone, stack + sizeof(stack), SIGCHLD, &ksock);
	EXPECT(child > 0);
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
	EXPECT_INT(0, kbus_ksock_close(ksock));
}

static void have_settings_for_another_runtime(void)
{
	EXPECT_INT(0, setenv("DOTNET_GCHeapHardLimit", "1000", 1));
	EXPECT_INT(0, setenv("DOTNET_gcServer", "1", 1));
	send_and_read();
}

int main(void)
{
	static const long spared[] = { SYS_madvise, SYS_sysinfo, SYS_membarrier, SYS_memfd_create, SYS_eventfd2, SYS_pidfd_open, SYS_sched_setattr,
				       SYS_sched_getattr, SYS_get_mempolicy, SYS_statfs, SYS_pipe2 };
	static const int errors[] = { EPERM, ENOSYS };

	for (size_t i = 0; i < 2; i++) {
		error = errors[i];
		for (size_t j = 0; j < sizeof(spared) / sizeof(spared[0]); j++) {
			call = spared[j];
			in_child(filter_and_work);
		}
	}
	call = SYS_clone3;
	in_child(filter_and_work); /* with ENOSYS: then there is the older call */
	error = EPERM;
	named = "clone3 fails with EPERM";
	in_child(filter_and_fail);
	call = SYS_rt_sigaction;
	named = "rt_sigaction fails with EPERM";
	in_child(filter_and_fail);
	error = EAGAIN;
	named = "ulimit -u";
	in_child(have_no_more_threads);
	in_child(fork_without_the_kernels_help);
	in_child(have_settings_for_another_runtime);
	return 0;
}
