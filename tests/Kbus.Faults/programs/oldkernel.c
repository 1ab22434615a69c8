/* oldkernel.c - runs a program as under an older kernel: oldkernel VERSION PROGRAM [ARGUMENT ...]
 *
 * 6.8: pidfds have no identity, since they are no files of a file system of their own. 6.4: nor does a socket know the process that connected it as a
 * pidfd. 5.2: nor are there any pidfds.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PEER_PIDFD 77 /* SO_PEERPIDFD, which older headers lack. */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int install(struct sock_filter *steps, size_t length)
{
	struct sock_fprog program = { (unsigned short)(length / sizeof(*steps)), steps };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int refuse(unsigned call, unsigned error)
{
	struct sock_filter steps[] = { LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), ANSWER(error), ALLOW };

	return install(steps, sizeof(steps));
}

static int refuse_peer_pidfd(void)
{
	struct sock_filter steps[] = {
		LOAD(nr),      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 5),
		LOAD(args[1]), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 0, 3),
		LOAD(args[2]), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PEER_PIDFD, 0, 1),
		ANSWER(ENOPROTOOPT), ALLOW,
	};

	return install(steps, sizeof(steps));
}

int main(int count, char **arguments)
{
	static const char *const versions[] = { "6.8", "6.4", "5.2" };
	int age = 0;

	while (count > 2 && age < 3 && strcmp(arguments[1], versions[age]) != 0)
		age++;
	if (count < 3 || age == 3 || refuse(SYS_fstatfs, ENOSYS) != 0 || (age > 0 && refuse_peer_pidfd() != 0) ||
	    (age > 1 && refuse(SYS_pidfd_open, ENOSYS) != 0)) {
		perror("oldkernel");
		return 99;
	}
	execv(arguments[2], arguments + 2);
	perror(arguments[2]);
	return 99;
}
