/* limpet.h - what a program needs to be a Limpet: to join its bus to the bus of another Limpet, its peer, by a stream between them.
 *
 * Part of KBUS. MIT licence. Link with -lkbus; see kbus_limpet_new_context(3) and docs/c.md.
 *
 * There is no socket code here. The program reads from its Ksock and from its peer, has each message amended, and sends it on.
 * As in kbus.h, functions that return int give a negative errno for an error, errno is then set too, and any thread may call. A context
 * that existed when the process forked is its parent's: in the child every call for it gives -EBADF, and it may be freed.
 */
#ifndef KBUS_LIMPET_H
#define KBUS_LIMPET_H

#include "kbus.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Words (of 32 bits) of a header on the wire. */
#define KBUS_SERIALISED_HDR_LEN 16

/* What a Limpet says to its peer: the Ksock that a stateful Request was meant for is not the replier any more; or the Request could not
 * be sent on this bus, and the symbol of the errno follows, as in "$.KBUS.RemoteError.EBUSY". */
#define KBUS_MSG_NOT_SAME_KSOCK "$.KBUS.Replier.NotSameKsock"
#define KBUS_MSG_REMOTE_ERROR_PREFIX "$.KBUS.RemoteError."

/* On the wire: the header as 16 words, all in network order; the padded name; the padded data, if any; KBUS_MSG_END_GUARD as a word. */

/* Writes the 16 words of a header. */
void kbus_serialise_message_header(const kbus_message_t *msg, uint32_t result[KBUS_SERIALISED_HDR_LEN]);

/* Reads them. The words are in this machine's order afterwards; the message's pointers are NULL. The guards are as they came: look at
 * them, and at the lengths, before believing anything else. */
void kbus_unserialise_message_header(uint32_t serial[KBUS_SERIALISED_HDR_LEN], kbus_message_t *result);

/* Turns the numbers in the data of a $.KBUS.ReplierBindEvent, in place: before it is written to the peer, and after it was read. */
void kbus_limpet_ReplierBindEvent_hton(kbus_message_t *msg);
void kbus_limpet_ReplierBindEvent_ntoh(kbus_message_t *msg);

/* What a Limpet remembers. */
typedef struct kbus_limpet_context kbus_limpet_context_t;

/* Makes a Ksock, open for reading and writing, a Limpet's: from now on it gets each message once, listens to message_name (which is
 * copied) and to bind events, hears of every replier that there is, and hears nothing of what it sends itself.
 * network_id is this Limpet's, other_network_id its peer's: two different numbers of 1 or more.
 * -EBADMSG: message_name is NULL, shorter than 3 characters or no name. -EINVAL: context is NULL or an id 0. -EBADF: no such Ksock.
 * -EBUSY: there are more repliers than fit in the Ksock's queue (kbus_ksock_max_messages).
 * The Ksock stays the program's: it closes it, before or after it frees the context. */
int kbus_limpet_new_context(kbus_ksock_t ksock, uint32_t network_id, uint32_t other_network_id, const char *message_name,
			    uint32_t verbosity, kbus_limpet_context_t **context);

/* Kept for programs that set it: this library says nothing, whatever the number. */
void kbus_limpet_set_verbosity(kbus_limpet_context_t *context, uint32_t verbosity);

/* Frees it and makes the pointer NULL. Its bindings end with the Ksock. */
void kbus_limpet_free_context(kbus_limpet_context_t **context);

/* Looks at a message that was read from the Ksock, and changes it where it lies.
 * 0: write it to the peer. 1: forget it; a Request that cannot be carried has been answered.
 * Negative: end the link, by closing the Ksock and the stream. -ELOOP: Limpets join buses in a ring. -EOVERFLOW: the bus could not tell
 * of every replier that left; a new link puts that right. -EBADF: the Ksock is closed. -EINVAL: an argument is NULL. */
int kbus_limpet_amend_msg_from_kbus(kbus_limpet_context_t *context, kbus_message_t *msg);

/* Looks at a message that was read from the peer, and changes it where it lies. Repliers beyond are bound here as repliers; a binding
 * that cannot be made now is tried again with later calls.
 * 0: send it by the Ksock. 1: forget it. 2: forget it and write *error to the peer; then free *error by kbus_msg_delete.
 * Negative: end the link. -EBADMSG: it is a bind event that says nothing. Others as for kbus_limpet_amend_msg_from_kbus.
 * *error is NULL whenever the result is not 2. */
int kbus_limpet_amend_msg_to_kbus(kbus_limpet_context_t *context, kbus_message_t *msg, kbus_message_t **error);

/* Says what follows when the bus has refused such a message; errnum is what kbus_ksock_send_msg returned. If that was -EAGAIN, the
 * message waited to be sent and is discarded.
 * 0: write *error to the peer; then free *error by kbus_msg_delete. 1: nothing is to be done, and *error is NULL. */
int kbus_limpet_could_not_send_to_kbus_msg(kbus_limpet_context_t *context, kbus_message_t *msg, int errnum, kbus_message_t **error);

#ifdef __cplusplus
}
#endif

#endif
