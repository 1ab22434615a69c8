/* autostart.c - the kbusd that a first Ksock starts has nothing of the program that opened it. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What kbusd itself blocks, to receive it in one place: SIGHUP, SIGINT, SIGTERM; and SIGTTOU. */
#define BLOCKED_BY_KBUSD (1 << (SIGHUP - 1) | 1 << (SIGINT - 1) | 1 << (SIGTERM - 1) | 1 << (SIGTTOU - 1))

/* Limits that a program may have lowered for itself, and to what. */
static const struct {
	int resource;
	rlim_t soft;
} lowered[] = { { RLIMIT_NOFILE, 200 }, { RLIMIT_CPU, 1000 }, { RLIMIT_FSIZE, 1 << 30 }, { RLIMIT_MEMLOCK, 65536 } };

static char path[PATH_MAX], text[PATH_MAX];

static pid_t daemon_of(kbus_ksock_t ksock)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	EXPECT_INT(0, getsockopt(ksock, SOL_SOCKET, SO_PEERCRED, &peer, &length));
	return peer.pid;
}

/* What a link of /proc/PID leads to. */
static const char *link_of(pid_t process, const char *name)
{
	ssize_t length;

	EXPECT(snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, name) < (int)sizeof(path));
	length = readlink(path, text, sizeof(text) - 1);
	EXPECT(length > 0);
	text[length] = '\0';
	return text;
}

static unsigned long long field_of(pid_t process, const char *name, int base)
{
	char line[256];
	unsigned long long value = 0;
	int found = 0;
	FILE *file;

	EXPECT(snprintf(path, sizeof(path), "/proc/%d/status", (int)process) < (int)sizeof(path));
	file = fopen(path, "r");
	EXPECT(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
			value = strtoull(line + strlen(name) + 1, NULL, base);
			found = 1;
		}
	fclose(file);
	EXPECT(found);
	return value;
}

static void expect_no_pipe_of_ours(pid_t process, int end)
{
	char mine[PATH_MAX], name[64];
	struct dirent *entry;
	DIR *directory;

	snprintf(name, sizeof(name), "fd/%d", end);
	strcpy(mine, link_of(getpid(), name));
	snprintf(name, sizeof(name), "/proc/%d/fd", (int)process);
	directory = opendir(name);
	EXPECT(directory != NULL);
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.') {
			snprintf(name, sizeof(name), "fd/%d", atoi(entry->d_name));
			EXPECT(strcmp(mine, link_of(process, name)) != 0);
		}
	closedir(directory);
}

static int ignores(pid_t process, int number)
{
	return (field_of(process, "SigIgn", 16) >> (number - 1)) & 1;
}

/* Takes on what a daemon for everybody should not have. */
static void become_peculiar(void)
{
	struct rlimit limit;
	size_t i;
	struct sched_param none = { 0 };
	cpu_set_t first;
	FILE *score;
	int processor;

	for (i = 0; i < sizeof(lowered) / sizeof(lowered[0]); i++) {
		EXPECT_INT(0, getrlimit(lowered[i].resource, &limit));
		EXPECT(limit.rlim_max >= lowered[i].soft);
		limit.rlim_cur = lowered[i].soft;
		EXPECT_INT(0, setrlimit(lowered[i].resource, &limit));
	}
	EXPECT_INT(0, sched_setscheduler(0, SCHED_BATCH, &none));
	EXPECT_INT(0, setpriority(PRIO_PROCESS, 0, 7));
	EXPECT_INT(0, sched_getaffinity(0, sizeof(first), &first));
	for (processor = 0; !CPU_ISSET(processor, &first); processor++)
		;
	CPU_ZERO(&first);
	CPU_SET(processor, &first);
	EXPECT_INT(0, sched_setaffinity(0, sizeof(first), &first));
	score = fopen("/proc/self/oom_score_adj", "w");
	EXPECT(score != NULL);
	EXPECT(fputs("500", score) > 0);
	EXPECT_INT(0, fclose(score));
}

static void expect_usual(pid_t process, const cpu_set_t *usual)
{
	struct rlimit limit;
	size_t i;
	cpu_set_t set;
	FILE *file;
	int score;

	for (i = 0; i < sizeof(lowered) / sizeof(lowered[0]); i++) {
		EXPECT_INT(0, prlimit(process, lowered[i].resource, NULL, &limit));
		EXPECT(limit.rlim_cur == limit.rlim_max);
	}
	EXPECT_INT(SCHED_OTHER, sched_getscheduler(process));
	EXPECT_INT(geteuid() == 0 ? 0 : 7, getpriority(PRIO_PROCESS, process));
	EXPECT_INT(0, sched_getaffinity(process, sizeof(set), &set));
	EXPECT(CPU_EQUAL(&set, usual));
	EXPECT(snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)process) < (int)sizeof(path));
	file = fopen(path, "r");
	EXPECT(file != NULL);
	EXPECT_INT(1, fscanf(file, "%d", &score));
	fclose(file);
	EXPECT_INT(0, score);
}

/* Whether the log that the kbusd keeps has a text in it. */
static int log_has(const char *wanted)
{
	char line[1024];
	int found = 0;
	FILE *file = fopen("run/kbusd.log", "r");

	EXPECT(file != NULL);
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, wanted) != NULL;
	fclose(file);
	return found;
}

int main(void)
{
	char directory[] = "/tmp/kbus-XXXXXX", kbusd[PATH_MAX];
	sigset_t all, none;
	cpu_set_t usual;
	kbus_ksock_t ksock;
	pid_t started;
	int ends[2], status;

	strcpy(kbusd, link_of((pid_t)atoi(getenv("KBUSD_PID")), "exe"));
	EXPECT(mkdtemp(directory) != NULL);
	EXPECT_INT(0, chdir(directory));
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", "run", 1));
	EXPECT_INT(0, setenv("KBUS_AUTOSTART", "1", 1));
	EXPECT_INT(0, setenv("KBUS_DAEMON", kbusd, 1));

	EXPECT_INT(0, pipe(ends));
	EXPECT(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	EXPECT(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	sigfillset(&all);
	sigemptyset(&none);
	EXPECT_INT(0, sigprocmask(SIG_SETMASK, &all, NULL));
	umask(0077);
	EXPECT_INT(0, sched_getaffinity(0, sizeof(usual), &usual));
	become_peculiar();
	ksock = open_ksock();
	EXPECT_INT(0, sigprocmask(SIG_SETMASK, &none, NULL));

	started = daemon_of(ksock);
	EXPECT(started != (pid_t)atoi(getenv("KBUSD_PID")));
	EXPECT(strcmp("/", link_of(started, "cwd")) == 0);
	EXPECT_INT(0022, field_of(started, "Umask", 8));
	EXPECT_INT(BLOCKED_BY_KBUSD, field_of(started, "SigBlk", 16));
	EXPECT(!ignores(started, SIGTERM));
	EXPECT(!ignores(started, SIGINT));
	EXPECT(!ignores(started, SIGQUIT));
	expect_usual(started, &usual);
	expect_no_pipe_of_ours(started, ends[0]);

	/* It is none of this program's children, and ends when it is told to. */
	EXPECT_INT(-1, waitpid(-1, &status, WNOHANG));
	EXPECT_INT(ECHILD, errno);
	EXPECT_INT(0, kill(started, SIGTERM));
	EXPECT_INT(KBUS_KSOCK_READABLE, kbus_wait_for_message(ksock, KBUS_KSOCK_READABLE));
	EXPECT(log_has("kbusd: stopping (SIGTERM)"));
	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT(snprintf(path, sizeof(path), "rm -r %s", directory) < (int)sizeof(path));
	EXPECT_INT(0, system(path));
	return 0;
}
