/* driver.c - plays the operations of a trace through libkbus.
 *
 * Each line of standard input is one operation: its name, a handle, its arguments. Bytes are in hex, "-" for none. Each line of
 * standard output is its result: "ok" and values, or "errno", its number, and values that were given all the same. DriverHost.cs is
 * the other side.
 */
#include <kbus.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HANDLES 4096
#define MOST_WORDS 8

static kbus_ksock_t ksocks[MOST_HANDLES];
static char *words[MOST_WORDS];

/* Bytes from hex, with a NUL behind them that does not count. The caller frees them. */
static uint8_t *bytes_of(const char *hex, size_t *length)
{
	size_t count = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	uint8_t *bytes = calloc(count + 1, 1);

	for (size_t i = 0; i < count; i++) {
		unsigned value = 0;

		sscanf(hex + 2 * i, "%2x", &value);
		bytes[i] = (uint8_t)value;
	}
	*length = count;
	return bytes;
}

static void print_bytes(const uint8_t *bytes, size_t length)
{
	printf("ok ");
	for (size_t i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	puts(length == 0 ? "-" : "");
}

/* Prints a result that has no value, or begins one that has. True if a value is to follow. */
static int succeeded(int result)
{
	if (result < 0)
		printf("errno %d\n", -result);
	return result >= 0;
}

static void print_number(int result, uint32_t value)
{
	if (succeeded(result))
		printf("ok %" PRIu32 "\n", value);
}

static void print_nothing(int result)
{
	if (succeeded(result))
		puts("ok");
}

static uint32_t number(int word)
{
	return (uint32_t)strtoul(words[word], NULL, 10);
}

static void open_ksock(uint32_t handle)
{
	int flags = strcmp(words[3], "r") == 0 ? O_RDONLY : strcmp(words[3], "w") == 0 ? O_WRONLY : O_RDWR;
	uint32_t id = 0;
	int result = kbus_ksock_open(number(2), flags);

	if (result >= 0) {
		ksocks[handle] = result;
		result = kbus_ksock_id(result, &id);
	}
	print_number(result, id);
}

/* A pointy message: its pointers are known only here. Name and data stay until the program ends, as they may be needed later. */
static void write_pointy(kbus_ksock_t ksock)
{
	size_t header_length, name_length, data_length;
	uint8_t *header = bytes_of(words[2], &header_length);
	uint8_t *name = bytes_of(words[3], &name_length);
	uint8_t *data = bytes_of(words[4], &data_length);
	kbus_message_t message;
	int result;

	memcpy(&message, header, sizeof(message));
	message.name = (char *)name;
	message.data = data_length == 0 ? NULL : data;
	result = kbus_ksock_write_data(ksock, (uint8_t *)&message, sizeof(message));
	free(header);
	print_number(result, (uint32_t)sizeof(message));
}

static void named(kbus_ksock_t ksock, const char *operation)
{
	size_t length;
	char *name = (char *)bytes_of(words[2], &length);
	uint32_t id = 0;
	int result;

	if (strcmp(operation, "bind") == 0) {
		print_nothing(kbus_ksock_bind_n(ksock, name, length, number(3)));
	} else if (strcmp(operation, "unbind") == 0) {
		print_nothing(kbus_ksock_unbind_n(ksock, name, length, number(3)));
	} else {
		result = kbus_ksock_find_replier_n(ksock, name, length, &id);
		print_number(result, id);
	}
	free(name);
}

static void send_message(kbus_ksock_t ksock)
{
	kbus_msg_id_t id = { 0, 0 };
	int result = kbus_ksock_send(ksock, &id);

	if (result == 0)
		printf("ok %" PRIu32 " %" PRIu32 "\n", id.network_id, id.serial_num);
	else
		printf("errno %d %" PRIu32 " %" PRIu32 "\n", -result, id.network_id, id.serial_num);
}

static void read_bytes(kbus_ksock_t ksock)
{
	size_t count = number(2);
	uint8_t *bytes = calloc(count + 1, 1);
	int result = kbus_ksock_read_data(ksock, bytes, count);

	if (succeeded(result))
		print_bytes(bytes, (size_t)result);
	free(bytes);
}

static void write_bytes(kbus_ksock_t ksock)
{
	size_t length;
	uint8_t *bytes = bytes_of(words[2], &length);

	print_number(kbus_ksock_write_data(ksock, bytes, length), (uint32_t)length);
	free(bytes);
}

static void next_message(kbus_ksock_t ksock)
{
	uint32_t length = 0;
	int result = kbus_ksock_next_msg(ksock, &length);

	if (succeeded(result))
		printf("ok %d %" PRIu32 "\n", result, length);
}

static void last_sent(kbus_ksock_t ksock)
{
	kbus_msg_id_t id = { 0, 0 };

	if (succeeded(kbus_ksock_last_msg_id(ksock, &id)))
		printf("ok %" PRIu32 " %" PRIu32 "\n", id.network_id, id.serial_num);
}

static void poll_once(kbus_ksock_t ksock)
{
	uint32_t ready = 0;

	if (succeeded(kbus_ksock_poll(ksock, &ready)))
		printf("ok %d %d\n", (ready & KBUS_KSOCK_READABLE) != 0, (ready & KBUS_KSOCK_WRITABLE) != 0);
}

static void bindings(void)
{
	char *text = NULL;

	if (succeeded(kbus_read_bindings(&text)))
		print_bytes((uint8_t *)text, strlen(text));
	free(text);
}

/* Operations that ask for, or set, one number. False if it is none of them. */
static int setting(kbus_ksock_t ksock, const char *operation)
{
	uint32_t value = words[2] ? number(2) : 0;
	int result;

	if (strcmp(operation, "ksock_id") == 0)
		result = kbus_ksock_id(ksock, &value);
	else if (strcmp(operation, "len_left") == 0)
		result = kbus_ksock_len_left(ksock, &value);
	else if (strcmp(operation, "num_msgs") == 0)
		result = kbus_ksock_num_messages(ksock, &value);
	else if (strcmp(operation, "unreplied_to") == 0)
		result = kbus_ksock_num_unreplied_to(ksock, &value);
	else if (strcmp(operation, "max_msgs") == 0)
		result = kbus_ksock_max_messages(ksock, &value);
	else if (strcmp(operation, "max_msg_size") == 0)
		result = kbus_ksock_max_message_size(ksock, &value);
	else if (strcmp(operation, "new_device") == 0)
		result = kbus_ksock_new_device(ksock, &value);
	else if (strcmp(operation, "only_once") == 0)
		value = (uint32_t)(result = kbus_ksock_only_once(ksock, value));
	else if (strcmp(operation, "report_binds") == 0)
		value = (uint32_t)(result = kbus_ksock_report_replier_binds(ksock, value));
	else if (strcmp(operation, "verbose") == 0)
		value = (uint32_t)(result = kbus_ksock_kernel_module_verbose(ksock, value));
	else
		return 0;
	print_number(result, value);
	return 1;
}

static int carry_out(const char *operation)
{
	uint32_t handle = words[1] ? number(1) : 0;
	kbus_ksock_t ksock = handle < MOST_HANDLES ? ksocks[handle] : -1;

	if (strcmp(operation, "open") == 0)
		open_ksock(handle);
	else if (strcmp(operation, "close") == 0)
		print_nothing(kbus_ksock_close(ksock));
	else if (strcmp(operation, "bind") == 0 || strcmp(operation, "unbind") == 0 || strcmp(operation, "find_replier") == 0)
		named(ksock, operation);
	else if (strcmp(operation, "write") == 0)
		write_bytes(ksock);
	else if (strcmp(operation, "write_pointy") == 0)
		write_pointy(ksock);
	else if (strcmp(operation, "send") == 0)
		send_message(ksock);
	else if (strcmp(operation, "discard") == 0)
		print_nothing(kbus_ksock_discard(ksock));
	else if (strcmp(operation, "next_msg") == 0)
		next_message(ksock);
	else if (strcmp(operation, "read") == 0)
		read_bytes(ksock);
	else if (strcmp(operation, "last_sent") == 0)
		last_sent(ksock);
	else if (strcmp(operation, "poll") == 0)
		poll_once(ksock);
	else if (strcmp(operation, "bindings") == 0)
		bindings();
	else
		return setting(ksock, operation);
	return 1;
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		char *rest = line;

		for (int i = 0; i < MOST_WORDS; i++)
			words[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
		if (words[0] == NULL || !carry_out(words[0])) {
			fprintf(stderr, "driver: does not know this operation: %s\n", words[0] ? words[0] : "(none)");
			return 2;
		}
		fflush(stdout);
	}
	free(line);
	return 0;
}
