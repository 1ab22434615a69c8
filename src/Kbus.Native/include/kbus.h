/* kbus.h - the C library of KBUS: messages between processes.
 *
 * Part of KBUS. MIT licence. Link with -lkbus; see kbus(3) and docs/c.md.
 *
 * Functions that return int return 0 or a useful number of 0 or more, or a negative errno; errno is then set too, and
 * kbus_last_error() says in words what went wrong. A null pointer where something is needed
 * gives -EFAULT, and a call by a signal handler in the middle of another call of its thread -EDEADLK.
 * Nothing blocks but the functions with "wait" or "request" in their names. While kbusd stands still (stopped, or with a debugger in it) a
 * signal handler ends any call with -EINTR, and nothing was done; or, if kbusd had begun with it, with -EINPROGRESS.
 * Any thread may call any function at any time, also for one Ksock; a message belongs to one thread at a time.
 * A Ksock that was open when the process forked is its parent's: in the child every call for it gives -EBADF and changes nothing.
 */
#ifndef KBUS_H
#define KBUS_H

/* Some of these are here for programs of the original only, whose header brought them in. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux/kbus_defns.h"

/* The version of this header: as text, and as numbers for #if. kbus_version() gives that of the library that is loaded. */
#define KBUS_VERSION "0.1.0"
#define KBUS_VERSION_MAJOR 0
#define KBUS_VERSION_MINOR 1
#define KBUS_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, such as "0.1.0". It never fails and starts nothing; it may be called at any time, also in a forked child. */
const char *kbus_version(void);

/* A Ksock is a descriptor: select, poll and epoll report it readable when a message can be taken, or the bus has died, and not
 * writable while a message waits to be sent. Nothing else may be done with it; kbus_ksock_close closes it. */
typedef int kbus_ksock_t;

typedef struct kbus_msg_id kbus_msg_id_t;
typedef struct kbus_orig_from kbus_orig_from_t;
typedef struct kbus_bind_request kbus_bind_request_t;
typedef struct kbus_bind_query kbus_bind_query_t;
typedef struct kbus_message_header kbus_message_t;
typedef struct kbus_entire_message kbus_entire_message_t;
typedef struct kbus_replier_bind_event_data kbus_replier_bind_event_data_t;

/* Opening and closing */

/* Opens a Ksock on a bus. flags: O_RDONLY, O_WRONLY or O_RDWR; all others are ignored. -ENOENT: there is no such bus. */
kbus_ksock_t kbus_ksock_open(uint32_t device_number, int flags);

/* The same, for a bus by the name of its device file: "/dev/kbus3" is bus 3. */
kbus_ksock_t kbus_ksock_open_by_name(const char *device_name, int flags);

/* Closes a Ksock: its bindings end, and whoever waits for a Reply from it gets a Status. When it returns, everybody sees that. */
int kbus_ksock_close(kbus_ksock_t ksock);

/* Bindings */

/* Binds as a listener (0) or as the replier (any other number). -EBADMSG, -ENAMETOOLONG, -EADDRINUSE, -EAGAIN. */
int kbus_ksock_bind(kbus_ksock_t ksock, const char *name, uint32_t is_replier);

/* Ends a binding. -EINVAL: there is no such binding. */
int kbus_ksock_unbind(kbus_ksock_t ksock, const char *name, uint32_t is_replier);

/* Who is bound as replier with exactly this name; id 0 if nobody. */
int kbus_ksock_find_replier(kbus_ksock_t ksock, const char *name, uint32_t *replier_ksock_id);

/* Asking and setting */

int kbus_ksock_id(kbus_ksock_t ksock, uint32_t *ksock_id);
int kbus_ksock_last_msg_id(kbus_ksock_t ksock, kbus_msg_id_t *msg_id);

/* The queue limit: in, the new one or 0 to ask; out, the one in force. */
int kbus_ksock_max_messages(kbus_ksock_t ksock, uint32_t *max_messages);
int kbus_ksock_num_messages(kbus_ksock_t ksock, uint32_t *num_messages);
int kbus_ksock_num_unreplied_to(kbus_ksock_t ksock, uint32_t *num_messages);

/* Switches: 0 off, 1 on, 0xFFFFFFFF only asks. They return what it was before, 0 or 1. -EINVAL for any other number. */
int kbus_ksock_only_once(kbus_ksock_t ksock, uint32_t request);
int kbus_ksock_report_replier_binds(kbus_ksock_t ksock, uint32_t request);
int kbus_ksock_kernel_module_verbose(kbus_ksock_t ksock, uint32_t request);

/* The bus's greatest message size: in, the new one, 0 to ask, or 1 to ask for the greatest that can be set; out, the answer. */
int kbus_ksock_max_message_size(kbus_ksock_t ksock, uint32_t *max_message_size);

/* Makes one more bus. */
int kbus_ksock_new_device(kbus_ksock_t ksock, uint32_t *device_number);

/* Reading */

/* Drops what is left of the message being read and makes the next one current: 1 and its entire length, or 0 and 0. */
int kbus_ksock_next_msg(kbus_ksock_t ksock, uint32_t *message_length);

/* Bytes left of the message being read. */
int kbus_ksock_len_left(kbus_ksock_t ksock, uint32_t *len_left);

/* Reads that many bytes of the current message. *msg is an entire message of the caller's, to be freed by kbus_msg_delete. */
int kbus_ksock_read_msg(kbus_ksock_t ksock, kbus_message_t **msg, size_t msg_len);

/* Reads the next message; *msg is NULL if there is none. Otherwise as kbus_ksock_read_msg. */
int kbus_ksock_read_next_msg(kbus_ksock_t ksock, kbus_message_t **msg);

/* Writing and sending */

/* Writes a message of either form. -EALREADY: another one waits to be sent. */
int kbus_ksock_write_msg(kbus_ksock_t ksock, const kbus_message_t *msg);

/* Writes bytes of a message, of either form; pieces of any size add up. */
int kbus_ksock_write_data(kbus_ksock_t ksock, uint8_t *data, size_t data_len);

/* Sends what was written, or tries the waiting message again. *msg_id (or NULL) gets its id, also with -EAGAIN: then it waits. */
int kbus_ksock_send(kbus_ksock_t ksock, kbus_msg_id_t *msg_id);

/* kbus_ksock_write_msg and kbus_ksock_send in one. */
int kbus_ksock_send_msg(kbus_ksock_t ksock, const kbus_message_t *msg, kbus_msg_id_t *msg_id);

/* Gives up what was written, and the message that waits to be sent. */
int kbus_ksock_discard(kbus_ksock_t ksock);

/* Waiting */

#define KBUS_KSOCK_READABLE 1
#define KBUS_KSOCK_WRITABLE 2

/* Waits until a message can be taken (READABLE), until no message waits to be sent (WRITABLE), or either: the sum of both.
 * A waiting message is tried again meanwhile. Returns what holds, of what was asked for. -EINTR: a signal handler ran. */
int kbus_wait_for_message(kbus_ksock_t ksock, int wait_for);

/* Making messages */

/* Pointy messages keep the pointers that are given; entire ones copy. name_len does not count the NUL. */
int kbus_msg_create(kbus_message_t **msg, const char *name, uint32_t name_len, const void *data, uint32_t data_len, uint32_t flags);
int kbus_msg_create_entire(kbus_message_t **msg, const char *name, uint32_t name_len, const void *data, uint32_t data_len,
			   uint32_t flags);

/* The same, with KBUS_BIT_WANT_A_REPLY. */
int kbus_msg_create_request(kbus_message_t **msg, const char *name, uint32_t name_len, const void *data, uint32_t data_len,
			    uint32_t flags);
int kbus_msg_create_entire_request(kbus_message_t **msg, const char *name, uint32_t name_len, const void *data,
				   uint32_t data_len, uint32_t flags);

/* The Reply to a Request that was read. The pointy one points at the Request's name. -EBADMSG: it is not ours to reply to. */
int kbus_msg_create_reply_to(kbus_message_t **msg, const kbus_message_t *in_reply_to, const void *data, uint32_t data_len,
			     uint32_t flags);
int kbus_msg_create_entire_reply_to(kbus_message_t **msg, const kbus_message_t *in_reply_to, const void *data,
				    uint32_t data_len, uint32_t flags);

/* A Request to the very Ksock that sent earlier_msg (a Reply), or that it went to (a stateful Request). -EBADMSG: neither. */
int kbus_msg_create_stateful_request(kbus_message_t **msg, const kbus_message_t *earlier_msg, const char *name,
				     uint32_t name_len, const void *data, uint32_t data_len, uint32_t flags);
int kbus_msg_create_entire_stateful_request(kbus_message_t **msg, const kbus_message_t *earlier_msg, const char *name,
					    uint32_t name_len, const void *data, uint32_t data_len, uint32_t flags);

/* Frees a message and makes the pointer NULL; a pointy message's name and data stay the caller's. */
void kbus_msg_delete(kbus_message_t **msg);

/* The same, and frees a pointy message's name and data too, which came from malloc. */
void kbus_msg_delete_all(kbus_message_t **msg);

/* Looking at messages */

/* Bytes that kbus_ksock_write_data would have to write. */
int kbus_msg_sizeof(const kbus_message_t *msg);

/* Takes a $.KBUS.ReplierBindEvent apart; *name comes from malloc. -EBADMSG: it has no such data. */
int kbus_msg_split_bind_event(const kbus_message_t *msg, uint32_t *is_bind, uint32_t *binder, char **name);

/* Prints on one line, without a newline; kbus_msg_print shows the first 20 bytes of data only. */
#define KBUS_MSG_PRINT_FLAGS_ABBREVIATE 1
void kbus_msg_print(FILE *stream, const kbus_message_t *msg);
void kbus_msg_print2(FILE *stream, const kbus_message_t *msg, unsigned flags);

/* Prints everything, over several lines, on standard output. */
void kbus_msg_dump(const kbus_message_t *msg, int dump_data);

KBUS_INLINE int kbus_msg_is_entire(const kbus_message_t *msg)
{
	return msg->name == NULL;
}

KBUS_INLINE int kbus_msg_is_reply(const kbus_message_t *msg)
{
	return msg->in_reply_to.network_id != 0 || msg->in_reply_to.serial_num != 0;
}

KBUS_INLINE int kbus_msg_is_request(const kbus_message_t *msg)
{
	return (msg->flags & KBUS_BIT_WANT_A_REPLY) != 0;
}

KBUS_INLINE int kbus_msg_is_stateful_request(const kbus_message_t *msg)
{
	return kbus_msg_is_request(msg) && msg->to != 0;
}

KBUS_INLINE int kbus_msg_wants_us_to_reply(const kbus_message_t *msg)
{
	return (msg->flags & KBUS_BIT_WANT_A_REPLY) != 0 && (msg->flags & KBUS_BIT_WANT_YOU_TO_REPLY) != 0;
}

/* -1, 0 or 1: network id first, then serial number. */
KBUS_INLINE int kbus_msg_compare_ids(const kbus_msg_id_t *id1, const kbus_msg_id_t *id2)
{
	if (id1->network_id != id2->network_id)
		return id1->network_id < id2->network_id ? -1 : 1;
	if (id1->serial_num != id2->serial_num)
		return id1->serial_num < id2->serial_num ? -1 : 1;
	return 0;
}

/* Beyond the original */

/* Bindings by names of a given length, which need no NUL behind them. */
int kbus_ksock_bind_n(kbus_ksock_t ksock, const char *name, size_t name_len, uint32_t is_replier);
int kbus_ksock_unbind_n(kbus_ksock_t ksock, const char *name, size_t name_len, uint32_t is_replier);
int kbus_ksock_find_replier_n(kbus_ksock_t ksock, const char *name, size_t name_len, uint32_t *replier_ksock_id);

/* One poll, as a device file makes it: a waiting message is tried once. *ready gets KBUS_KSOCK_READABLE and _WRITABLE. */
int kbus_ksock_poll(kbus_ksock_t ksock, uint32_t *ready);

/* As kbus_wait_for_message, for so many milliseconds at most (negative: for ever). 0: the time ran out. */
int kbus_wait_for_message_timeout(kbus_ksock_t ksock, int wait_for, int timeout_ms);

/* For interpreters, whose signal handlers run between two calls: Ksocks that are opened from now on come back from a call that waits for a
 * kbusd which stands still after so many milliseconds (negative: never), with -EINTR, as if a signal handler had run. */
int kbus_interrupt_after(int milliseconds);

/* As kbus_ksock_send_msg, but it waits for a kbusd that stands still (stopped, or with a debugger in it) so many milliseconds at most
 * (negative: for ever), and 100 at least. -ETIMEDOUT: the message was withdrawn, and nothing was sent. -EINPROGRESS: kbusd had begun with
 * it, and whether it was sent is not known. */
int kbus_ksock_send_msg_timeout(kbus_ksock_t ksock, const kbus_message_t *msg, int timeout_ms, kbus_msg_id_t *msg_id);

/* Reads the next message, waiting for one so many milliseconds at most (negative: for ever): 1, or 0 and NULL if the time ran out. *msg is
 * to be freed by kbus_msg_delete. It does what kbus_wait_for_message_timeout and kbus_ksock_read_next_msg do, as one step for all
 * threads, and faster: messages that come while it waits awake cost no system call. A waiting message is tried again meanwhile.
 * -EINTR: a signal handler ran. */
int kbus_ksock_wait_read_msg(kbus_ksock_t ksock, int timeout_ms, kbus_message_t **msg);

/* Reads up to count bytes of the current message, as read does; 0 at its end. */
int kbus_ksock_read_data(kbus_ksock_t ksock, void *data, size_t count);

/* Reads messages until none is left or count are read: how many. Each is to be freed by kbus_msg_delete. */
int kbus_ksock_read_msgs(kbus_ksock_t ksock, kbus_message_t *msgs[], uint32_t count);

/* What became of one message of several. */
typedef struct kbus_send_result {
	kbus_msg_id_t id; /* with error 0, and with -EAGAIN */
	int32_t error;    /* 0, or the negative errno that kbus_ksock_send_msg would have returned */
} kbus_send_result_t;

/* Sends messages in their order, without waiting for the bus between them. Every one is tried, whatever becomes of those before.
 * results[i] tells what became of msgs[i]. Returns how many were sent. -EINTR: a signal handler ran while kbusd stood still; then
 * results[i].error is -EINTR for a message that was withdrawn, and -EINPROGRESS where that is not known. */
int kbus_ksock_send_msgs(kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count, kbus_send_result_t results[]);

/* As kbus_ksock_send_msgs, but what becomes of the messages is asked for later: while the bus is at one batch, the next is made.
 * When it returns 0 the messages are the caller's again. Up to 16 batches may be under way for a Ksock; with more, -EBUSY. */
int kbus_ksock_begin_msgs(kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count);

/* Waits for what becomes of the batch that was begun first of those not ended. results has room for count results, as many as the batch
 * has messages or more. Returns how many were sent. -ENOMSG: none is under way. -EINVAL: there is too little room, and it still is. */
int kbus_ksock_end_msgs(kbus_ksock_t ksock, kbus_send_result_t results[], uint32_t count);

/* Takes the next message without a copy of one's own: 1, or 0 if there is none. *msg is a pointy message in the library's memory,
 * valid until kbus_ksock_release_msg, the next borrowing or kbus_ksock_close for this Ksock. It must not be changed or
 * deleted. Data of more than about 32 KiB lie where the bus put them, and count against the Ksock's byte budget until released;
 * smaller messages lie in a buffer of the Ksock's own. One thread at a time may borrow from a Ksock. */
int kbus_ksock_borrow_msg(kbus_ksock_t ksock, const kbus_message_t **msg);
int kbus_ksock_release_msg(kbus_ksock_t ksock);

/* Borrows messages until none is left or count are borrowed (256 at the most): how many. It waits for the first as
 * kbus_ksock_wait_read_msg does, and gives 0 if the time ran out. All are valid as long as one borrowed message would be. -EINTR. */
int kbus_ksock_wait_borrow_msgs(kbus_ksock_t ksock, int timeout_ms, const kbus_message_t *msgs[], uint32_t count);

/* Sends a Request and waits for its Reply, or the Status that says why there is none; other messages stay in the queue.
 * timeout_ms: negative for ever. *reply is to be freed by kbus_msg_delete. -ETIMEDOUT: *reply is NULL, and the answer, when it
 * comes, is an ordinary message. Otherwise the errors of kbus_ksock_send_msg, but never -EAGAIN. */
int kbus_ksock_request(kbus_ksock_t ksock, const kbus_message_t *request, int timeout_ms, kbus_message_t **reply);

/* The same, where only a Reply is success. -EREMOTEIO: a Status came. It is in *reply, its name says why there is no Reply, and
 * kbus_last_error says it in words. */
int kbus_ksock_ask(kbus_ksock_t ksock, const kbus_message_t *request, int timeout_ms, kbus_message_t **reply);

/* The bindings of all buses as /proc/kbus/bindings has them: a line each, "bus: ksock pid R|L name". *text comes from malloc. */
int kbus_read_bindings(char **text);

/* What an errno (positive or negative) means to KBUS and what to do about it, in one line. operation may be "open", "bind", "unbind",
 * "find", "send", "reply", "write", "read", "wait" or "set", to hear of that alone, or NULL. Never NULL; stays valid. */
const char *kbus_error_text(int errnum, const char *operation);

/* Why the last call of this thread that failed did: one line that names the message name and the Ksock and says what to do, as
 * "EADDRNOTAVAIL: Nobody is bound as replier to $.Bank.Balance. Ksock 1 of bus 0 sent nothing. Start the replier, ...". Like errno it is left as it is by calls that succeed.
 * Never NULL; "" if no call of this thread has failed. Valid until the next call of this thread. It makes the line only when it is asked for. */
const char *kbus_last_error(void);

/* The same for one message of a batch: what it means that results[i].error is errnum. With EREMOTEIO: what it means that msg, a Status, came. */
const char *kbus_msg_error_text(kbus_ksock_t ksock, const kbus_message_t *msg, int errnum);

/* The symbol of an errno, as "EPIPE". */
const char *kbus_error_name(int errnum);

#ifdef __cplusplus
}
#endif

#endif
