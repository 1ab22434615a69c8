/* player.c - the roles of PlayerInCSharp.cs, by the C library. */
#include <kbus.h>

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000
#define CONTENTS 4
#define BIG_LENGTH 200000
#define ADLER_MODULUS 65521

static const char told[] = "$.Told", asked[] = "$.Asked";

static struct {
	unsigned char *data;
	uint32_t length;
} contents[CONTENTS];

static int check(int result, const char *operation)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", operation, kbus_error_text(result, operation));
		exit(1);
	}
	return result;
}

static void make_contents(void)
{
	static unsigned char text[] = "Hello", all_bytes[256], big[BIG_LENGTH];

	for (int i = 0; i < 256; i++)
		all_bytes[i] = (unsigned char)i;
	for (int i = 0; i < BIG_LENGTH; i++)
		big[i] = (unsigned char)(i * 31 + i / 251);
	contents[0].data = text, contents[0].length = 5;
	contents[1].data = all_bytes, contents[1].length = sizeof all_bytes;
	contents[3].data = big, contents[3].length = sizeof big;
}

static void say(const char *what, kbus_msg_id_t id, const unsigned char *data, uint32_t length)
{
	uint32_t low = 1, high = 0;

	for (uint32_t i = 0; i < length; i++) {
		low = (low + data[i]) % ADLER_MODULUS;
		high = (high + low) % ADLER_MODULUS;
	}
	printf("%s[%u:%u] %u %08x\n", what, id.network_id, id.serial_num, length, high << 16 | low);
}

static void say_message(const char *what, kbus_msg_id_t id, const kbus_message_t *msg)
{
	say(what, id, kbus_msg_data_ptr(msg), msg->data_len);
}

static kbus_message_t *wait_for_one(kbus_ksock_t ksock)
{
	kbus_message_t *msg = NULL;

	if (check(kbus_wait_for_message_timeout(ksock, KBUS_KSOCK_READABLE, PATIENCE_MS), "wait") > 0)
		check(kbus_ksock_read_next_msg(ksock, &msg), "read");
	if (msg == NULL) {
		fprintf(stderr, "No message came.\n");
		exit(1);
	}
	return msg;
}

static void play_sender(kbus_ksock_t ksock)
{
	for (int i = 0; i < CONTENTS; i++) {
		kbus_message_t *msg;
		kbus_msg_id_t id;

		check(kbus_msg_create(&msg, told, strlen(told), contents[i].data, contents[i].length, 0), "create");
		check(kbus_ksock_send_msg(ksock, msg, &id), "send");
		say("", id, contents[i].data, contents[i].length);
		kbus_msg_delete(&msg);
	}
}

static void play_listener(kbus_ksock_t ksock)
{
	check(kbus_ksock_bind(ksock, told, 0), "bind");
	puts("ready");
	for (int i = 0; i < CONTENTS; i++) {
		kbus_message_t *msg = wait_for_one(ksock);

		say_message("", msg->id, msg);
		kbus_msg_delete(&msg);
	}
}

/* Takes the request, and gives the answer; NULL if the Request was refused. */
static kbus_message_t *ask(kbus_ksock_t ksock, kbus_message_t *request)
{
	kbus_message_t *answer;
	int result = kbus_ksock_request(ksock, request, PATIENCE_MS, &answer);

	kbus_msg_delete(&request);
	if (result < 0)
		printf("refused %s\n", kbus_error_name(result));
	else if (answer->flags & KBUS_BIT_SYNTHETIC)
		printf("status [%u:%u] %.*s\n", answer->in_reply_to.network_id, answer->in_reply_to.serial_num,
		       (int)answer->name_len, kbus_msg_name_ptr(answer));
	else
		say_message("reply ", answer->in_reply_to, answer);
	return answer;
}

static void ask_on(kbus_ksock_t ksock, const kbus_message_t *reply, const char *text)
{
	kbus_message_t *request, *answer;

	check(kbus_msg_create_stateful_request(&request, reply, asked, strlen(asked), text, strlen(text), 0), "create");
	answer = ask(ksock, request);
	kbus_msg_delete(&answer);
}

static void play_requester(kbus_ksock_t ksock)
{
	kbus_message_t *request, *reply = NULL;

	for (int i = 0; i < CONTENTS; i++) {
		kbus_msg_delete(&reply);
		check(kbus_msg_create_request(&request, asked, strlen(asked), contents[i].data, contents[i].length, 0), "create");
		reply = ask(ksock, request);
		if (reply == NULL)
			exit(1);
	}
	ask_on(ksock, reply, "And then?");
	ask_on(ksock, reply, "Go");
	ask_on(ksock, reply, "Still there?");
	kbus_msg_delete(&reply);
}

static void play_replier(kbus_ksock_t ksock)
{
	int goes = 0;

	check(kbus_ksock_bind(ksock, asked, 1), "bind");
	puts("ready");
	while (!goes) {
		kbus_message_t *request = wait_for_one(ksock), *reply;
		uint32_t length = request->data_len;
		const unsigned char *data = kbus_msg_data_ptr(request);

		say_message(kbus_msg_is_stateful_request(request) ? "stateful " : "request ", request->id, request);
		goes = length == 2 && memcmp(data, "Go", 2) == 0;
		if (!goes) {
			unsigned char *backwards = malloc(length + 1);

			for (uint32_t i = 0; i < length; i++)
				backwards[i] = data[length - 1 - i];
			check(kbus_msg_create_reply_to(&reply, request, length ? backwards : NULL, length, 0), "reply");
			check(kbus_ksock_send_msg(ksock, reply, NULL), "reply");
			kbus_msg_delete(&reply);
			free(backwards);
		}
		kbus_msg_delete(&request);
	}
}

int main(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "";
	kbus_ksock_t ksock = check(kbus_ksock_open(0, O_RDWR), "open");

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_contents();
	if (strcmp(role, "sender") == 0)
		play_sender(ksock);
	else if (strcmp(role, "listener") == 0)
		play_listener(ksock);
	else if (strcmp(role, "requester") == 0)
		play_requester(ksock);
	else if (strcmp(role, "replier") == 0)
		play_replier(ksock);
	else
		return 2;
	return kbus_ksock_close(ksock) < 0;
}
