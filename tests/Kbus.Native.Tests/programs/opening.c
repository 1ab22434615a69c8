/* opening.c - a Ksock that cannot be opened says why, and leaves no descriptor behind. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	EXPECT(directory != NULL);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static const char *in_directory(const char *file)
{
	static char path[108];

	EXPECT(snprintf(path, sizeof(path), "%s/%s", getenv("KBUS_RUNTIME_DIR"), file) < (int)sizeof(path));
	return path;
}

static void expect_refused(int error)
{
	EXPECT_ERROR(error, kbus_ksock_open(0, O_RDWR));
	EXPECT_ERROR(error, kbus_ksock_open(0, O_RDONLY));
	EXPECT_ERROR(error, kbus_ksock_open_by_name("/dev/kbus0", O_RDWR));
}

static void names_and_numbers(void)
{
	static const char *const no_buses[] = {
		"", "0", "kbus0", "/dev/kbus", "/dev/kbusx", "/dev/kbus-1", "/dev/kbus+0", "/dev/kbus 0", "/dev/kbus0 ", "/dev/kbus00", "/dev/kbus007",
		"/dev/kbus0x0", "/dev/kbus0\n", "/dev/kbus1", "/dev/kbus255", "/dev/kbus4294967295", "/dev/kbus4294967296", "/dev/kbus99999999999",
		"/dev/nothing", "/dev/../dev/kbus0",
	};
	static const uint32_t numbers[] = { 1, 77, 255, 256, 0x7FFFFFFF, (uint32_t)-1 };

	for (size_t i = 0; i < sizeof(no_buses) / sizeof(no_buses[0]); i++)
		EXPECT_ERROR(ENOENT, kbus_ksock_open_by_name(no_buses[i], O_RDWR));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		EXPECT_ERROR(ENOENT, kbus_ksock_open(numbers[i], O_RDWR));
	EXPECT_ERROR(EINVAL, kbus_ksock_open(0, 3));
	EXPECT_ERROR(EINVAL, kbus_ksock_open_by_name("/dev/kbus0", 3));
	EXPECT(strstr(kbus_error_text(ENOENT, "open"), "there is no bus with that number") != NULL);
	EXPECT_ERROR(ENOENT, kbus_ksock_open(77, O_RDWR));
	EXPECT(strncmp(kbus_last_error(), "ENOENT: There is no bus 77 in ", 30) == 0);
}

/* Each descriptor that is left is one too few: with every number of them a Ksock is opened or EMFILE is given. */
static void too_few_descriptors(void)
{
	struct rlimit before, limit;
	int refused = 0;

	EXPECT_INT(0, getrlimit(RLIMIT_NOFILE, &before));
	for (rlim_t most = 0; most < 64; most++) {
		kbus_ksock_t ksock;

		limit = before;
		limit.rlim_cur = most;
		EXPECT_INT(0, setrlimit(RLIMIT_NOFILE, &limit));
		ksock = kbus_ksock_open(0, O_RDWR);
		EXPECT_INT(0, setrlimit(RLIMIT_NOFILE, &before));
		if (ksock >= 0)
			EXPECT_INT(0, kbus_ksock_close(ksock));
		else
			EXPECT_INT(-EMFILE, ksock);
		refused += ksock < 0;
	}
	EXPECT(refused > 0 && refused < 64);
}

static void *hang_up_on_everyone(void *listener)
{
	int connection;

	while ((connection = accept(*(int *)listener, NULL, NULL)) >= 0)
		close(connection);
	return NULL;
}

/* Something else than a bus is there: one that hangs up, and one that nobody listens at. */
static void no_bus_at_all(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;

	EXPECT(listener >= 0);
	strcpy(address.sun_path, in_directory("bus9"));
	EXPECT_INT(0, bind(listener, (struct sockaddr *)&address, sizeof(address)));
	EXPECT_ERROR(ECONNREFUSED, kbus_ksock_open(9, O_RDWR));
	EXPECT_INT(0, listen(listener, 8));
	EXPECT_INT(0, pthread_create(&thread, NULL, hang_up_on_everyone, &listener));
	/* It is not one of another version. */
	EXPECT_ERROR(ECONNRESET, kbus_ksock_open(9, O_RDWR));
	EXPECT(strcmp(kbus_last_error(), "ECONNRESET: Bus 9 hung up before it had opened a Ksock: its kbusd has ended. "
					 "Open it again; kbusd's log says why it ended.") == 0);
	EXPECT_INT(0, shutdown(listener, SHUT_RDWR));
	EXPECT_INT(0, pthread_join(thread, NULL));
	close(listener);
	unlink(address.sun_path);
}

/* Root may open everything: it becomes somebody else. */
static void as_a_stranger(void (*act)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		int before;

		if (geteuid() == 0)
			EXPECT_INT(0, setuid(NOBODY));
		before = open_descriptors();
		act();
		EXPECT_INT(before, open_descriptors());
		exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

static void be_let_in(void)
{
	EXPECT_INT(0, kbus_ksock_close(open_ksock()));
}

static void be_kept_out(void)
{
	expect_refused(EACCES);
	EXPECT(strstr(kbus_error_text(EACCES, "open"), "this user may not use the bus") != NULL);
	EXPECT(strncmp(kbus_last_error(), "EACCES: This user may not open bus 0 in ", 40) == 0);
}

static void permissions(void)
{
	const char *directory = getenv("KBUS_RUNTIME_DIR");
	struct stat socket_before, directory_before;

	EXPECT_INT(0, stat(directory, &directory_before));
	EXPECT_INT(0, stat(in_directory("bus0"), &socket_before));
	EXPECT_INT(0, chmod(directory, 0711));
	as_a_stranger(be_let_in);
	EXPECT_INT(0, chmod(in_directory("bus0"), 0));
	as_a_stranger(be_kept_out);
	EXPECT_INT(0, chmod(in_directory("bus0"), socket_before.st_mode & 0777));
	EXPECT_INT(0, chmod(directory, 0));
	as_a_stranger(be_kept_out);
	EXPECT_INT(0, chmod(directory, directory_before.st_mode & 0777));
	be_let_in();
}

static void nobody_serves(void)
{
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", "/nowhere/at/all", 1));
	expect_refused(ENOENT);
	EXPECT(strcmp(kbus_last_error(), "ENOENT: No kbusd answers in /nowhere/at/all. KBUS_AUTOSTART=0 forbids to start one. Start one with 'kbusd'.") == 0);
}

static void a_directory_with_too_long_a_path(void)
{
	char path[200] = "/";

	memset(path + 1, 'x', 150);
	EXPECT_INT(0, setenv("KBUS_RUNTIME_DIR", path, 1));
	expect_refused(ENAMETOOLONG);
	EXPECT(strstr(kbus_last_error(), "message name") == NULL);
	EXPECT(strstr(kbus_last_error(), "has so long a path that no Unix socket in it can be reached. Choose a shorter directory (KBUS_RUNTIME_DIR).") != NULL);
}

int main(void)
{
	int before;

	/* The runtime keeps a descriptor of its own from the first call on. */
	be_let_in();
	before = open_descriptors();
	names_and_numbers();
	too_few_descriptors();
	no_bus_at_all();
	permissions();
	nobody_serves();
	a_directory_with_too_long_a_path();
	EXPECT_INT(before, open_descriptors());
	return 0;
}
