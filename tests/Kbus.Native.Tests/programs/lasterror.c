/* lasterror.c - kbus_last_error names the message name and the Ksock, and says the one case that applies. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

#define EXPECT_TEXT(wanted, text)                                                                                    \
	do {                                                                                                         \
		const char *got_ = (text);                                                                           \
		if (strcmp(got_, (wanted)) != 0) {                                                                   \
			fprintf(stderr, "%s:%d:\n  %s\nnot\n  %s\n", __FILE__, __LINE__, got_, (wanted));            \
			exit(1);                                                                                     \
		}                                                                                                    \
	} while (0)

#define EXPECT_BEGINNING(wanted, text)                                                                               \
	do {                                                                                                         \
		const char *got_ = (text);                                                                           \
		if (strncmp(got_, (wanted), strlen(wanted)) != 0) {                                                  \
			fprintf(stderr, "%s:%d:\n  %s\ndoes not begin with\n  %s\n", __FILE__, __LINE__, got_, (wanted)); \
			exit(1);                                                                                     \
		}                                                                                                    \
	} while (0)

static void sending(kbus_ksock_t ksock, kbus_ksock_t other)
{
	kbus_message_t *msg;

	send_named(ksock, "$.Thermo.Raed", NULL, KBUS_BIT_WANT_A_REPLY, -EADDRNOTAVAIL);
	EXPECT_TEXT("EADDRNOTAVAIL: Nobody is bound as replier to $.Thermo.Raed. Ksock 1 of bus 0 sent nothing. Start the replier, or wait for it to bind.",
		    kbus_last_error());
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Bank.Balance", 14, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	msg->to = 7;
	EXPECT_INT(0, kbus_ksock_bind(other, "$.Bank.Balance", 1));
	EXPECT_ERROR(EPIPE, kbus_ksock_send_msg(ksock, msg, NULL));
	EXPECT_BEGINNING("EPIPE: Ksock 7 no longer replies to $.Bank.Balance. Ksock 1 of bus 0 sent nothing. The state", kbus_last_error());
	kbus_msg_delete(&msg);

	/* Written first, then sent. */
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Written", 9, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	EXPECT_INT(0, kbus_ksock_write_msg(ksock, msg));
	EXPECT_ERROR(EADDRNOTAVAIL, kbus_ksock_send(ksock, NULL));
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.Written. Ksock 1", kbus_last_error());
	kbus_msg_delete(&msg);
	EXPECT_ERROR(ENOMSG, kbus_ksock_send(ksock, NULL));
	EXPECT_BEGINNING("ENOMSG: Ksock 1 of bus 0 has no message to send", kbus_last_error());

	/* A call that succeeds leaves it as it is, and asking does not change errno. */
	send_named(ksock, "$.Nobody.Listens", NULL, 0, 0);
	errno = EXDEV;
	EXPECT_BEGINNING("ENOMSG: Ksock 1 of bus 0", kbus_last_error());
	EXPECT_INT(EXDEV, errno);

	/* What a terminal would obey is shown as what it is. */
	send_named(ksock, "$.Evil\x9b\x1b[2J", NULL, 0, -EBADMSG);
	EXPECT_BEGINNING("EBADMSG: \"$.Evil\\x9b\\x1b[2J\" is not a legal message name.", kbus_last_error());
	send_named(ksock, "$.Wild.*", NULL, 0, -EBADMSG);
	EXPECT_BEGINNING("EBADMSG: $.Wild.* is a wildcard; a message needs a plain name.", kbus_last_error());
	send_named(ksock, "$.Both", NULL, KBUS_BIT_ALL_OR_FAIL | KBUS_BIT_ALL_OR_WAIT, -EINVAL);
	EXPECT_BEGINNING("EINVAL: Of the flags ALL_OR_WAIT and ALL_OR_FAIL a message has one at the most, and $.Both has both.", kbus_last_error());
}

static void waiting_for_room(kbus_ksock_t ksock, kbus_ksock_t other)
{
	uint32_t one = 1;

	EXPECT_INT(0, kbus_ksock_bind(other, "$.Full", 0));
	EXPECT_INT(0, kbus_ksock_max_messages(other, &one));
	send_named(ksock, "$.Full", NULL, 0, 0);
	send_named(ksock, "$.Full", NULL, KBUS_BIT_ALL_OR_FAIL, -EBUSY);
	EXPECT_BEGINNING("EBUSY: Somebody whom $.Full is for has a full queue. Ksock 1 of bus 0 sent nothing.", kbus_last_error());
	send_named(ksock, "$.Full", NULL, KBUS_BIT_ALL_OR_WAIT, -EAGAIN);
	EXPECT_BEGINNING("EAGAIN: Somebody whom $.Full is for has a full queue; the message of Ksock 1 of bus 0 waits", kbus_last_error());
	send_named(ksock, "$.Other", NULL, 0, -EALREADY);
	EXPECT_TEXT("EALREADY: The message that Ksock 1 of bus 0 sent before still waits for room, and goes on waiting; $.Other was not taken. "
		    "Wait until the message that waits has gone, or discard it; then send the new one.", kbus_last_error());
	EXPECT_ERROR(EAGAIN, kbus_ksock_send(ksock, NULL));
	EXPECT_BEGINNING("EAGAIN: Somebody whom $.Full is for has a full queue; the message of Ksock 1 of bus 0 waits", kbus_last_error());
	EXPECT_INT(0, kbus_ksock_discard(ksock));
}

static void binding(kbus_ksock_t ksock, kbus_ksock_t other)
{
	char name[1100];

	EXPECT_INT(0, kbus_ksock_bind(other, "$.Taken", 1));
	EXPECT_ERROR(EADDRINUSE, kbus_ksock_bind(ksock, "$.Taken", 1));
	EXPECT_BEGINNING("EADDRINUSE: Ksock 2 is already bound as replier to $.Taken; Ksock 1 of bus 0 cannot be it, too.", kbus_last_error());
	EXPECT_ERROR(EADDRINUSE, kbus_ksock_bind(other, "$.Taken", 1));
	EXPECT_BEGINNING("EADDRINUSE: Ksock 2 of bus 0 itself is already bound as replier to $.Taken.", kbus_last_error());
	EXPECT_ERROR(EINVAL, kbus_ksock_unbind(ksock, "$.Taken", 1));
	EXPECT_BEGINNING("EINVAL: Ksock 1 of bus 0 is not bound to $.Taken as replier. Unbind what was bound", kbus_last_error());
	EXPECT_ERROR(EBADMSG, kbus_ksock_bind(ksock, "Thermo", 0));
	EXPECT_BEGINNING("EBADMSG: \"Thermo\" is not a legal message name to bind to. A name is", kbus_last_error());
	memset(name, 'x', sizeof(name));
	memcpy(name, "$.", 2);
	EXPECT_ERROR(ENAMETOOLONG, kbus_ksock_bind_n(ksock, name, sizeof(name), 0));
	EXPECT_TEXT("ENAMETOOLONG: The message name is more than 1000 bytes long. Use a name of 3 to 1000 bytes.", kbus_last_error());
}

static void numbers(kbus_ksock_t ksock)
{
	uint32_t size = 99;

	EXPECT_ERROR(EINVAL, kbus_ksock_max_message_size(ksock, &size));
	EXPECT_BEGINNING("EINVAL: The bus does not take 99 bytes as its greatest message size; 100 is the least, and its absolute maximum the most.", kbus_last_error());
	EXPECT_ERROR(EINVAL, kbus_ksock_only_once(ksock, 7));
	EXPECT_BEGINNING("EINVAL: 7 is not a value of this setting.", kbus_last_error());
	EXPECT_ERROR(EINVAL, kbus_wait_for_message(ksock, 4));
	EXPECT_BEGINNING("EINVAL: 4 is not KBUS_KSOCK_READABLE (1), KBUS_KSOCK_WRITABLE (2) or their sum.", kbus_last_error());
	EXPECT_ERROR(ENOENT, kbus_ksock_open(77, O_RDWR));
	EXPECT_BEGINNING("ENOENT: There is no bus 77 in ", kbus_last_error());
	EXPECT(strstr(kbus_last_error(), "kbusd --buses") != NULL && strstr(kbus_last_error(), "KBUS_DAEMON") == NULL);
	EXPECT_ERROR(ENOENT, kbus_ksock_open_by_name("/dev/\x1b", O_RDWR));
	EXPECT_BEGINNING("ENOENT: No bus has a device file of the name \"/dev/\\x1b\"; that of bus 0 is /dev/kbus0.", kbus_last_error());
}

static void asking(kbus_ksock_t ksock)
{
	kbus_message_t *msg, *reply;

	EXPECT_INT(0, kbus_msg_create(&msg, "$.Bank.Balance", 14, NULL, 0, 0));
	EXPECT_ERROR(EBADMSG, kbus_ksock_request(ksock, msg, 0, &reply));
	EXPECT_BEGINNING("EBADMSG: The message that Ksock 1 of bus 0 was to get an answer to is no Request.", kbus_last_error());
	EXPECT_ERROR(EBADMSG, kbus_msg_create_reply_to(&reply, msg, NULL, 0, 0));
	EXPECT_BEGINNING("EBADMSG: $.Bank.Balance is not a Request for this program to reply to", kbus_last_error());
	msg->flags |= KBUS_BIT_WANT_A_REPLY;
	EXPECT_ERROR(ETIMEDOUT, kbus_ksock_request(ksock, msg, 1, &reply));
	EXPECT_BEGINNING("ETIMEDOUT: No answer to $.Bank.Balance came to Ksock 1 of bus 0 within 1 ms.", kbus_last_error());
	kbus_msg_delete(&msg);
	EXPECT_INT(0, kbus_msg_create(&msg, "$.Nobody", 8, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	EXPECT_ERROR(EADDRNOTAVAIL, kbus_ksock_request(ksock, msg, 1, &reply));
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.Nobody. Ksock 1 of bus 0 sent nothing.", kbus_last_error());
	kbus_msg_delete(&msg);
}

static void batches(kbus_ksock_t ksock)
{
	kbus_message_t *msgs[2];
	kbus_send_result_t results[2];

	EXPECT_INT(0, kbus_msg_create(&msgs[0], "$.First", 7, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	EXPECT_INT(0, kbus_msg_create(&msgs[1], "$.Second", 8, NULL, 0, KBUS_BIT_WANT_A_REPLY));
	EXPECT_INT(0, kbus_ksock_send_msgs(ksock, (const kbus_message_t *const *)msgs, 2, results));
	EXPECT_INT(-EADDRNOTAVAIL, results[0].error);
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.First. Ksock 1 of bus 0 sent nothing.", kbus_msg_error_text(ksock, msgs[0], results[0].error));
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.Second.", kbus_msg_error_text(ksock, msgs[1], results[1].error));
	kbus_msg_delete(&msgs[0]);
	kbus_msg_delete(&msgs[1]);
	EXPECT_ERROR(ENOMSG, kbus_ksock_end_msgs(ksock, results, 2));
	EXPECT_BEGINNING("ENOMSG: In C, on ending a batch, none is under way.", kbus_last_error());
}

static void in_front_of_the_library(kbus_ksock_t ksock)
{
	kbus_message_t *msg;

	EXPECT_ERROR(EFAULT, kbus_ksock_bind(ksock, NULL, 0));
	EXPECT_BEGINNING("EFAULT: kbus_ksock_bind needs a pointer where it was given NULL. Nothing was done.", kbus_last_error());
	EXPECT_ERROR(EFAULT, kbus_ksock_send_msg(ksock, NULL, NULL));
	EXPECT_BEGINNING("EFAULT: kbus_ksock_send_msg needs a pointer", kbus_last_error());
	EXPECT_ERROR(EFAULT, kbus_ksock_open_by_name(NULL, O_RDWR));
	EXPECT_BEGINNING("EFAULT: kbus_ksock_open_by_name needs a pointer", kbus_last_error());
	EXPECT_ERROR(EBADF, kbus_ksock_bind(12345, NULL, 0));
	EXPECT_TEXT("EBADF: No open Ksock has the descriptor 12345: it was closed, or was never a Ksock. Open a new Ksock. After a fork, the child opens a Ksock of its own.",
		    kbus_last_error());
	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(-1, &msg));
	EXPECT_BEGINNING("EBADF: No open Ksock has the descriptor -1", kbus_last_error());
}

static void modes(void)
{
	kbus_ksock_t reader = kbus_ksock_open(0, O_RDONLY), writer = kbus_ksock_open(0, O_WRONLY);
	kbus_message_t *msg;

	send_named(reader, "$.Read", NULL, 0, -EBADF);
	EXPECT_BEGINNING("EBADF: Ksock 3 of bus 0 was not opened for writing. Open the Ksock for reading and writing.", kbus_last_error());
	EXPECT_INT(0, kbus_ksock_bind(writer, "$.Read", 0));
	send_named(writer, "$.Read", NULL, 0, 0);
	EXPECT_ERROR(EBADF, kbus_ksock_read_next_msg(writer, &msg));
	EXPECT_BEGINNING("EBADF: Ksock 4 of bus 0 was not opened for reading.", kbus_last_error());
	EXPECT_INT(0, kbus_ksock_close(reader));
	EXPECT_INT(0, kbus_ksock_close(writer));
}

static void *another_thread(void *ksock)
{
	EXPECT_TEXT("", kbus_last_error());
	send_named(*(kbus_ksock_t *)ksock, "$.Of.Another.Thread", NULL, KBUS_BIT_WANT_A_REPLY, -EADDRNOTAVAIL);
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.Of.Another.Thread.", kbus_last_error());
	return NULL;
}

static void threads(kbus_ksock_t ksock)
{
	pthread_t thread;

	send_named(ksock, "$.Of.This.Thread", NULL, KBUS_BIT_WANT_A_REPLY, -EADDRNOTAVAIL);
	EXPECT_INT(0, pthread_create(&thread, NULL, another_thread, &ksock));
	EXPECT_INT(0, pthread_join(thread, NULL));
	EXPECT_BEGINNING("EADDRNOTAVAIL: Nobody is bound as replier to $.Of.This.Thread.", kbus_last_error());
}

static void forking(kbus_ksock_t ksock)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		char wanted[128];

		EXPECT_ERROR(EBADF, kbus_ksock_bind(ksock, "$.Fred", 0));
		snprintf(wanted, sizeof(wanted), "EBADF: The Ksock with descriptor %d was opened by the process that forked this one", ksock);
		EXPECT_BEGINNING(wanted, kbus_last_error());
		_exit(0);
	}
	EXPECT_INT(child, waitpid(child, &status, 0));
	EXPECT_INT(0, status);
}

static void closing(kbus_ksock_t ksock, kbus_ksock_t other)
{
	uint32_t id;

	EXPECT_INT(0, kbus_ksock_close(ksock));
	EXPECT_INT(0, kbus_ksock_close(other));
	EXPECT_ERROR(EBADF, kbus_ksock_id(ksock, &id));
	EXPECT_BEGINNING("EBADF: No open Ksock has the descriptor", kbus_last_error());
}

int main(void)
{
	kbus_ksock_t ksock, other;

	EXPECT_TEXT("", kbus_last_error());
	ksock = open_ksock();
	other = open_ksock();
	EXPECT_TEXT("", kbus_last_error());
	sending(ksock, other);
	binding(ksock, other);
	numbers(ksock);
	asking(ksock);
	batches(ksock);
	in_front_of_the_library(ksock);
	modes();
	threads(ksock);
	forking(ksock);
	waiting_for_room(ksock, other);
	closing(ksock, other);
	return 0;
}
