/* broughtin.c - uses all that the original's header brought in, and includes no other header; as C and as C++. */
#ifdef IN_A_FOLDER
#include <kbus/kbus.h>
#include <kbus/limpet.h>
#else
#include <kbus.h>
#endif

int main(void)
{
	char name[] = "$.Brought.In";
	char *copy = (char *)malloc(sizeof(name));
	char numbers[32];
	FILE *nowhere;
	pid_t self = getpid();
	uint32_t id = 0;
	size_t length = strlen(name);
	int descriptor;

	assert(copy != NULL);
	memcpy(copy, name, sizeof(name));
	assert(strcmp(copy, name) == 0 && strncmp(copy, "$.", 2) == 0 && length == 12);
	memset(copy, 0, sizeof(name));
	free(copy);
	sprintf(numbers, "%ld", (long)self);
	assert(atoi(numbers) == (int)self && strtol(numbers, NULL, 10) == (long)self);

	errno = 0;
	descriptor = open("/nowhere/at/all", O_RDWR);
	assert(descriptor == -1 && errno == ENOENT && strerror(errno) != NULL);
	descriptor = open("/dev/null", O_RDWR);
	assert(descriptor >= 0 && write(descriptor, name, length) == (ssize_t)length && read(descriptor, numbers, 1) == 0);
	assert(lseek(descriptor, 0, SEEK_SET) == 0 && close(descriptor) == 0);
	nowhere = fopen("/dev/null", "w");
	assert(nowhere != NULL && fprintf(nowhere, "%s\n", name) > 0 && fclose(nowhere) == 0);

	descriptor = kbus_ksock_open(0, O_RDWR);
	if (descriptor < 0 || kbus_ksock_id(descriptor, &id) < 0) {
		fprintf(stderr, "broughtin: %s\n", kbus_last_error());
		return EXIT_FAILURE;
	}
	if (id == 0 || KBUS_IOC_MAXNR != 18 || kbus_ksock_close(descriptor) < 0)
		abort();
#ifdef IN_A_FOLDER
	assert(KBUS_SERIALISED_HDR_LEN == 16);
#endif
	exit(EXIT_SUCCESS);
}
