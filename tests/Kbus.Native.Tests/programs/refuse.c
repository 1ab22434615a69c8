/* refuse.c - runs a program to which a system call is refused: refuse CALL ERRNO PROGRAM [ARGUMENT ...] */
#define _GNU_SOURCE
#include "refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "clone3", SYS_clone3 },
	{ "sysinfo", SYS_sysinfo },
	{ "pipe2", SYS_pipe2 },
	{ "rt_sigaction", SYS_rt_sigaction },
	{ "eventfd2", SYS_eventfd2 },
	{ "epoll_create1", SYS_epoll_create1 },
	{ "memfd_create", SYS_memfd_create },
	{ "recvmsg", SYS_recvmsg },
};

int main(int count, char **arguments)
{
	for (size_t i = 0; count > 3 && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, arguments[1]) == 0 && refuse(calls[i].number, atoi(arguments[2])) == 0)
			execv(arguments[3], arguments + 3);
	perror("refuse");
	return 99;
}
