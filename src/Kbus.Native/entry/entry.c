/* entry.c - the functions of kbus.h and limpet.h: through the gate into managed code, and out again with errno set. */
#include "kbus.h"
#include "limpet.h"

#include "gate.h"
#include "pointers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

/* Why the last failed call of this thread failed: what is known in front of managed code, or that managed code knows more. */
enum why { NO_CALL_FAILED, MANAGED_CODE_KNOWS, NULL_POINTER, IN_A_HANDLER, FORKED, NOT_STARTED };

static __thread struct {
	enum why why;
	int error;
	const char *function;
} last_failure;

/* A result as callers get it. A call that succeeds leaves the last failure as it is, as it leaves errno. */
static inline int ended(int result, enum why why, const char *function)
{
	if (__builtin_expect(result < 0, 0)) {
		last_failure.why = why;
		last_failure.error = -result;
		last_failure.function = function;
	}
	return kbus_gate_result(result);
}

static enum why why_shut(void)
{
	return kbus_gate_is_inside() ? IN_A_HANDLER : kbus_gate_why_shut() == -ENOTSUP ? FORKED : NOT_STARTED;
}

/* A function of kbus.h and its managed half, which has the same arguments. What it gives when the gate is shut is `shut`; when a pointer is
 * missing, of which `given` tells, it gives `fault`. */
#define BODY(visibility, function, shut, fault, name, parameters, arguments, given) \
	int kbusnet_##name parameters;                               \
	visibility int function parameters                           \
	{                                                            \
		struct kbus_visitor *visitor = kbus_gate_enter();    \
		enum why why = MANAGED_CODE_KNOWS;                   \
		int result;                                          \
		if (visitor) {                                       \
			result = (given) ? kbusnet_##name arguments : (fault); \
			why = result == -EFAULT && !(given) ? NULL_POINTER : why; \
			kbus_gate_leave(visitor);                    \
		} else {                                             \
			why = why_shut();                            \
			result = why == IN_A_HANDLER ? -EDEADLK : (shut); \
		}                                                    \
		return ended(result, why, "kbus_" #name);            \
	}

#define ENTRY(shut, fault, name, parameters, arguments, given) \
	BODY(EXPORTED, kbus_##name, shut, fault, name, parameters, arguments, given)

/* The same for one that gives nothing, and is no point of cancellation though it may print. */
#define ENTRY_VOID(name, parameters, declared, arguments, given)  \
	void kbusnet_##name declared;                                \
	EXPORTED void kbus_##name parameters                         \
	{                                                            \
		int before = errno, state = kbus_gate_forbid_cancelling(); \
		struct kbus_visitor *visitor = kbus_gate_enter();    \
		if (visitor) {                                       \
			if (given)                                \
				kbusnet_##name arguments;            \
			kbus_gate_leave(visitor);                    \
		}                                                    \
		kbus_gate_allow_cancelling(state);                   \
		errno = before;                                      \
	}

/* One that does more than calls on the path of a message may do: a point of cancellation could be anywhere in it. */
#define UNCANCELLED(shut, fault, name, parameters, arguments, given) \
	static int uncancelled_##name parameters;                    \
	EXPORTED int kbus_##name parameters                          \
	{                                                            \
		int state = kbus_gate_forbid_cancelling();           \
		int result = uncancelled_##name arguments;           \
		kbus_gate_allow_cancelling(state);                   \
		return kbus_gate_result(result);                     \
	}                                                            \
	BODY(static, uncancelled_##name, shut, fault, name, parameters, arguments, given)

/* One that was a point of cancellation in the original, or waits: a thread may end before it has done anything. */
#define POINT(name, parameters, arguments, given)                 \
	BODY(static, begun_##name, -EBADF, fault_of(ksock), name, parameters, arguments, given) \
	EXPORTED int kbus_##name parameters                          \
	{                                                            \
		pthread_testcancel();                                \
		return begun_##name arguments;                       \
	}

#define KSOCK(name, parameters, arguments, given) ENTRY(-EBADF, fault_of(ksock), name, parameters, arguments, given)
#define OTHER(name, parameters, arguments, given) ENTRY(kbus_gate_why_shut(), -EFAULT, name, parameters, arguments, given)
#define LIMPET(name, parameters, arguments, given) UNCANCELLED(-EBADF, -EFAULT, name, parameters, arguments, given)

/* What the result is put into, and what is read. */
#define TARGET(pointer) ((pointer) != NULL)
#define TARGETS(pointer, count) kbus_is_given((pointer), (count))
#define NAME(name, length) kbus_is_given((name), (length))
#define NOTHING 1

int kbusnet_ksock_id(kbus_ksock_t ksock, uint32_t *id);

/* What a missing pointer gives. That there is no such Ksock comes before it. */
static int fault_of(kbus_ksock_t ksock)
{
	uint32_t id;
	int error = kbusnet_ksock_id(ksock, &id);

	return error < 0 ? error : -EFAULT;
}

UNCANCELLED(kbus_gate_why_shut(), -EFAULT, ksock_open, (uint32_t device_number, int flags), (device_number, flags), NOTHING)
UNCANCELLED(kbus_gate_why_shut(), -EFAULT, ksock_open_by_name, (const char *device_name, int flags), (device_name, flags),
	    TARGET(device_name))
OTHER(interrupt_after, (int milliseconds), (milliseconds), NOTHING)
UNCANCELLED(-EBADF, -EFAULT, ksock_close, (kbus_ksock_t ksock), (ksock), NOTHING)
KSOCK(ksock_bind_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t is_replier), (ksock, name, length, is_replier), NAME(name, length))
KSOCK(ksock_unbind_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t is_replier), (ksock, name, length, is_replier),
      NAME(name, length))
KSOCK(ksock_find_replier_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t *id), (ksock, name, length, id),
      NAME(name, length) && TARGET(id))
KSOCK(ksock_id, (kbus_ksock_t ksock, uint32_t *id), (ksock, id), TARGET(id))
KSOCK(ksock_last_msg_id, (kbus_ksock_t ksock, kbus_msg_id_t *id), (ksock, id), TARGET(id))
KSOCK(ksock_max_messages, (kbus_ksock_t ksock, uint32_t *count), (ksock, count), TARGET(count))
KSOCK(ksock_num_messages, (kbus_ksock_t ksock, uint32_t *count), (ksock, count), TARGET(count))
KSOCK(ksock_num_unreplied_to, (kbus_ksock_t ksock, uint32_t *count), (ksock, count), TARGET(count))
KSOCK(ksock_only_once, (kbus_ksock_t ksock, uint32_t request), (ksock, request), NOTHING)
KSOCK(ksock_report_replier_binds, (kbus_ksock_t ksock, uint32_t request), (ksock, request), NOTHING)
KSOCK(ksock_kernel_module_verbose, (kbus_ksock_t ksock, uint32_t request), (ksock, request), NOTHING)
KSOCK(ksock_max_message_size, (kbus_ksock_t ksock, uint32_t *size), (ksock, size), TARGET(size))
KSOCK(ksock_new_device, (kbus_ksock_t ksock, uint32_t *number), (ksock, number), TARGET(number))
KSOCK(ksock_next_msg, (kbus_ksock_t ksock, uint32_t *length), (ksock, length), TARGET(length))
KSOCK(ksock_len_left, (kbus_ksock_t ksock, uint32_t *length), (ksock, length), TARGET(length))
POINT(ksock_read_msg, (kbus_ksock_t ksock, kbus_message_t **msg, size_t length), (ksock, msg, length), TARGET(msg))
POINT(ksock_read_next_msg, (kbus_ksock_t ksock, kbus_message_t **msg), (ksock, msg), TARGET(msg))
POINT(ksock_read_data, (kbus_ksock_t ksock, void *data, size_t count), (ksock, data, count), kbus_is_given(data, count))
POINT(ksock_read_msgs, (kbus_ksock_t ksock, kbus_message_t *msgs[], uint32_t count), (ksock, msgs, count), TARGETS(msgs, count))
POINT(ksock_wait_read_msg, (kbus_ksock_t ksock, int timeout_ms, kbus_message_t **msg), (ksock, timeout_ms, msg), TARGET(msg))
POINT(ksock_wait_borrow_msgs, (kbus_ksock_t ksock, int timeout_ms, const kbus_message_t *msgs[], uint32_t count),
      (ksock, timeout_ms, msgs, count), TARGETS(msgs, count))
KSOCK(ksock_release_msg, (kbus_ksock_t ksock), (ksock), NOTHING)
POINT(ksock_write_msg, (kbus_ksock_t ksock, const kbus_message_t *msg), (ksock, msg), TARGET(msg))
POINT(ksock_write_data, (kbus_ksock_t ksock, uint8_t *data, size_t length), (ksock, data, length), kbus_is_given(data, length))
KSOCK(ksock_send, (kbus_ksock_t ksock, kbus_msg_id_t *id), (ksock, id), NOTHING)
POINT(ksock_send_msg, (kbus_ksock_t ksock, const kbus_message_t *msg, kbus_msg_id_t *id), (ksock, msg, id),
      TARGET(msg))
POINT(ksock_send_msg_timeout, (kbus_ksock_t ksock, const kbus_message_t *msg, int timeout_ms, kbus_msg_id_t *id), (ksock, msg, timeout_ms, id),
      TARGET(msg))
POINT(ksock_send_msgs, (kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count, kbus_send_result_t results[]),
      (ksock, msgs, count, results), kbus_are_all_given(msgs, count) && TARGETS(results, count))
POINT(ksock_begin_msgs, (kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count), (ksock, msgs, count),
      kbus_are_all_given(msgs, count))
POINT(ksock_end_msgs, (kbus_ksock_t ksock, kbus_send_result_t results[], uint32_t count), (ksock, results, count), TARGETS(results, count))
POINT(ksock_request, (kbus_ksock_t ksock, const kbus_message_t *request, int timeout_ms, kbus_message_t **reply),
      (ksock, request, timeout_ms, reply), TARGET(request) && TARGET(reply))
POINT(ksock_ask, (kbus_ksock_t ksock, const kbus_message_t *request, int timeout_ms, kbus_message_t **reply),
      (ksock, request, timeout_ms, reply), TARGET(request) && TARGET(reply))
KSOCK(ksock_discard, (kbus_ksock_t ksock), (ksock), NOTHING)
KSOCK(ksock_poll, (kbus_ksock_t ksock, uint32_t *ready), (ksock, ready), TARGET(ready))
POINT(wait_for_message_timeout, (kbus_ksock_t ksock, int wait_for, int timeout_ms), (ksock, wait_for, timeout_ms), NOTHING)
UNCANCELLED(kbus_gate_why_shut(), -EFAULT, read_bindings, (char **text), (text), TARGET(text))

/* The same with names that end with a NUL. */
#define WITH_STRING(name, parameters, arguments, given)           \
	EXPORTED int kbus_##name parameters                          \
	{                                                            \
		struct kbus_visitor *visitor = kbus_gate_enter();    \
		enum why why = MANAGED_CODE_KNOWS;                   \
		size_t length;                                       \
		int result;                                          \
		if (visitor) {                                       \
			int is_given = kbus_is_string_given(string, &length) && (given); \
			result = is_given ? kbusnet_##name##_n arguments : fault_of(ksock); \
			why = result == -EFAULT && !is_given ? NULL_POINTER : why; \
			kbus_gate_leave(visitor);                    \
		} else {                                             \
			why = why_shut();                            \
			result = why == IN_A_HANDLER ? -EDEADLK : -EBADF; \
		}                                                    \
		return ended(result, why, "kbus_" #name);            \
	}

WITH_STRING(ksock_bind, (kbus_ksock_t ksock, const char *string, uint32_t is_replier), (ksock, string, length, is_replier), NOTHING)
WITH_STRING(ksock_unbind, (kbus_ksock_t ksock, const char *string, uint32_t is_replier), (ksock, string, length, is_replier), NOTHING)
WITH_STRING(ksock_find_replier, (kbus_ksock_t ksock, const char *string, uint32_t *id), (ksock, string, length, id), TARGET(id))

EXPORTED int kbus_ksock_borrow_msg(kbus_ksock_t ksock, const kbus_message_t **msg)
{
	return kbus_ksock_wait_borrow_msgs(ksock, 0, msg, 1);
}

EXPORTED int kbus_wait_for_message(kbus_ksock_t ksock, int wait_for)
{
	return kbus_wait_for_message_timeout(ksock, wait_for, -1);
}

#define CONTENT const char *name, uint32_t name_len, const void *data, uint32_t data_len, uint32_t flags
#define CONTENT_ARGUMENTS name, name_len, data, data_len, flags
#define ANSWER kbus_message_t **msg, const kbus_message_t *in_reply_to, const void *data, uint32_t data_len, uint32_t flags
#define ANSWER_ARGUMENTS msg, in_reply_to, data, data_len, flags

OTHER(msg_create, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS), TARGET(msg))
OTHER(msg_create_entire, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS), TARGET(msg))
OTHER(msg_create_request, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS), TARGET(msg))
OTHER(msg_create_entire_request, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS), TARGET(msg))
OTHER(msg_create_reply_to, (ANSWER), (ANSWER_ARGUMENTS), TARGET(msg) && TARGET(in_reply_to))
OTHER(msg_create_entire_reply_to, (ANSWER), (ANSWER_ARGUMENTS),
      TARGET(msg) && TARGET(in_reply_to))
OTHER(msg_create_stateful_request, (kbus_message_t **msg, const kbus_message_t *earlier, CONTENT), (msg, earlier, CONTENT_ARGUMENTS),
      TARGET(msg) && TARGET(earlier))
OTHER(msg_create_entire_stateful_request, (kbus_message_t **msg, const kbus_message_t *earlier, CONTENT),
      (msg, earlier, CONTENT_ARGUMENTS), TARGET(msg) && TARGET(earlier))
OTHER(msg_sizeof, (const kbus_message_t *msg), (msg), TARGET(msg))
OTHER(msg_split_bind_event, (const kbus_message_t *msg, uint32_t *is_bind, uint32_t *binder, char **name), (msg, is_bind, binder, name),
      TARGET(msg) && TARGET(is_bind) && TARGET(binder) && TARGET(name))

ENTRY_VOID(msg_delete_all, (kbus_message_t **msg), (kbus_message_t **msg), (msg), NOTHING)
ENTRY_VOID(msg_print2, (FILE *stream, const kbus_message_t *msg, unsigned flags),
	   (FILE *stream, const kbus_message_t *msg, unsigned flags), (stream, msg, flags), TARGET(msg))
ENTRY_VOID(msg_dump, (const kbus_message_t *msg, int dump_data), (FILE *stream, const kbus_message_t *msg, int dump_data),
	   (stdout, msg, dump_data), TARGET(msg))

/* Messages are blocks of malloc. */
EXPORTED void kbus_msg_delete(kbus_message_t **msg)
{
	if (msg) {
		free(*msg);
		*msg = NULL;
	}
}

EXPORTED void kbus_msg_print(FILE *stream, const kbus_message_t *msg)
{
	kbus_msg_print2(stream, msg, KBUS_MSG_PRINT_FLAGS_ABBREVIATE);
}

#define CONTEXT kbus_limpet_context_t *context

ENTRY_VOID(serialise_message_header, (const kbus_message_t *msg, uint32_t result[KBUS_SERIALISED_HDR_LEN]),
	   (const kbus_message_t *msg, uint32_t *result), (msg, result), TARGET(msg) && TARGETS(result, KBUS_SERIALISED_HDR_LEN))
ENTRY_VOID(unserialise_message_header, (uint32_t serial[KBUS_SERIALISED_HDR_LEN], kbus_message_t *result),
	   (uint32_t *serial, kbus_message_t *result), (serial, result), TARGET(result) && TARGETS(serial, KBUS_SERIALISED_HDR_LEN))
ENTRY_VOID(limpet_ReplierBindEvent_hton, (kbus_message_t *msg), (kbus_message_t *msg), (msg), TARGET(msg))
ENTRY_VOID(limpet_ReplierBindEvent_ntoh, (kbus_message_t *msg), (kbus_message_t *msg), (msg), TARGET(msg))
UNCANCELLED(-EBADF, fault_of(ksock), limpet_new_context,
      (kbus_ksock_t ksock, uint32_t network_id, uint32_t other_network_id, const char *message_name, uint32_t verbosity,
       kbus_limpet_context_t **context),
      (ksock, network_id, other_network_id, message_name, verbosity, context), NOTHING)
ENTRY_VOID(limpet_set_verbosity, (CONTEXT, uint32_t verbosity), (CONTEXT, uint32_t verbosity), (context, verbosity), NOTHING)
ENTRY_VOID(limpet_free_context, (kbus_limpet_context_t **context), (kbus_limpet_context_t **context), (context), NOTHING)
LIMPET(limpet_amend_msg_from_kbus, (CONTEXT, kbus_message_t *msg), (context, msg), NOTHING)
LIMPET(limpet_amend_msg_to_kbus, (CONTEXT, kbus_message_t *msg, kbus_message_t **error), (context, msg, error), NOTHING)
LIMPET(limpet_could_not_send_to_kbus_msg, (CONTEXT, kbus_message_t *msg, int errnum, kbus_message_t **error),
      (context, msg, errnum, error), NOTHING)

const char *kbusnet_error_text(int errnum, const char *operation);
const char *kbusnet_error_name(int errnum);
const char *kbusnet_last_error(void);
const char *kbusnet_msg_error_text(kbus_ksock_t ksock, const kbus_message_t *msg, int errnum);
void kbusnet_fault(const char *function);

#define HANDLER_TEXT "A signal handler cannot call while its thread is in the middle of another call. Nothing was done."
#define FORKED_TEXT "This process was forked while its parent was using KBUS, and cannot use KBUS itself."

static const char *text_of(enum why why)
{
	return why == IN_A_HANDLER ? HANDLER_TEXT : kbus_gate_shut_text();
}

/* Why the runtime did not start, with the errno in front. */
static const char *text_of_start(void)
{
	static const struct { int error; const char *name; } names[] = {
		{ ENOMEM, "ENOMEM" }, { ENOSYS, "ENOSYS" }, { EPERM, "EPERM" }, { EACCES, "EACCES" }, { EAGAIN, "EAGAIN" },
		{ EMFILE, "EMFILE" }, { ENFILE, "ENFILE" }, { EINVAL, "EINVAL" },
	};
	static __thread char text[400];
	int error = -kbus_gate_why_shut();
	const char *name = NULL;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		name = names[i].error == error ? names[i].name : name;
	snprintf(text, sizeof text, "%s%s%s", name ? name : "", name ? ": " : "", kbus_gate_shut_text());
	return text;
}

EXPORTED const char *kbus_error_text(int errnum, const char *operation)
{
	const char *text;
	int before = errno;
	struct kbus_visitor *visitor = kbus_gate_enter();

	if (visitor) {
		size_t unused;

		if (operation != NULL && !kbus_is_string_given(operation, &unused))
			operation = NULL;
		text = kbusnet_error_text(errnum, operation);
		kbus_gate_leave(visitor);
	} else {
		text = text_of(why_shut());
	}
	errno = before;
	return text;
}

EXPORTED const char *kbus_last_error(void)
{
	const char *text = "";
	int before = errno;
	struct kbus_visitor *visitor;

	switch (last_failure.why) {
	case NO_CALL_FAILED:
		break;
	case IN_A_HANDLER:
		text = "EDEADLK: " HANDLER_TEXT;
		break;
	case NOT_STARTED:
		text = text_of_start();
		break;
	case FORKED:
		text = last_failure.error == EBADF ? "EBADF: " FORKED_TEXT : "EOPNOTSUPP: " FORKED_TEXT;
		break;
	default:
		visitor = kbus_gate_enter();
		if (!visitor) {
			text = text_of(why_shut());
			break;
		}
		if (last_failure.why == NULL_POINTER)
			kbusnet_fault(last_failure.function);
		text = kbusnet_last_error();
		kbus_gate_leave(visitor);
	}
	errno = before;
	return text;
}

EXPORTED const char *kbus_msg_error_text(kbus_ksock_t ksock, const kbus_message_t *msg, int errnum)
{
	const char *text;
	int before = errno;
	struct kbus_visitor *visitor;

	if (msg == NULL)
		return kbus_error_text(errnum, "send");
	visitor = kbus_gate_enter();
	if (visitor) {
		text = kbusnet_msg_error_text(ksock, msg, errnum);
		last_failure.why = MANAGED_CODE_KNOWS;
		kbus_gate_leave(visitor);
	} else {
		text = text_of(why_shut());
	}
	errno = before;
	return text;
}

EXPORTED const char *kbus_version(void)
{
	return KBUS_VERSION;
}

EXPORTED const char *kbus_error_name(int errnum)
{
	const char *name = "?";
	int before = errno;
	struct kbus_visitor *visitor = kbus_gate_enter();

	if (visitor) {
		name = kbusnet_error_name(errnum);
		kbus_gate_leave(visitor);
	}
	errno = before;
	return name;
}
