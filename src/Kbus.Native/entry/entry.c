/* entry.c - the functions of kbus.h and limpet.h: through the gate into managed code, and out again with errno set. */
#include "kbus.h"
#include "limpet.h"

#include "gate.h"

#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

/* A function of kbus.h and its managed half, which has the same arguments. What it gives when the gate is shut is `shut`. */
#define ENTRY(shut, name, parameters, arguments)                     \
	int kbusnet_##name parameters;                               \
	EXPORTED int kbus_##name parameters                          \
	{                                                            \
		struct kbus_visitor *visitor = kbus_gate_enter();    \
		int result = shut;                                   \
		if (visitor) {                                       \
			result = kbusnet_##name arguments;           \
			kbus_gate_leave(visitor);                    \
		}                                                    \
		return kbus_gate_result(result);                     \
	}

/* The same for one that gives nothing. */
#define ENTRY_VOID(name, parameters, declared, arguments)            \
	void kbusnet_##name declared;                                \
	EXPORTED void kbus_##name parameters                         \
	{                                                            \
		int before = errno;                                  \
		struct kbus_visitor *visitor = kbus_gate_enter();    \
		if (visitor) {                                       \
			kbusnet_##name arguments;                    \
			kbus_gate_leave(visitor);                    \
		}                                                    \
		errno = before;                                      \
	}

#define KSOCK(name, parameters, arguments) ENTRY(-EBADF, name, parameters, arguments)
#define OTHER(name, parameters, arguments) ENTRY(-ENOTSUP, name, parameters, arguments)

OTHER(ksock_open, (uint32_t device_number, int flags), (device_number, flags))
OTHER(ksock_open_by_name, (const char *device_name, int flags), (device_name, flags))
KSOCK(ksock_close, (kbus_ksock_t ksock), (ksock))
KSOCK(ksock_bind_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t is_replier), (ksock, name, length, is_replier))
KSOCK(ksock_unbind_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t is_replier), (ksock, name, length, is_replier))
KSOCK(ksock_find_replier_n, (kbus_ksock_t ksock, const char *name, size_t length, uint32_t *id), (ksock, name, length, id))
KSOCK(ksock_id, (kbus_ksock_t ksock, uint32_t *id), (ksock, id))
KSOCK(ksock_last_msg_id, (kbus_ksock_t ksock, kbus_msg_id_t *id), (ksock, id))
KSOCK(ksock_max_messages, (kbus_ksock_t ksock, uint32_t *count), (ksock, count))
KSOCK(ksock_num_messages, (kbus_ksock_t ksock, uint32_t *count), (ksock, count))
KSOCK(ksock_num_unreplied_to, (kbus_ksock_t ksock, uint32_t *count), (ksock, count))
KSOCK(ksock_only_once, (kbus_ksock_t ksock, uint32_t request), (ksock, request))
KSOCK(ksock_report_replier_binds, (kbus_ksock_t ksock, uint32_t request), (ksock, request))
KSOCK(ksock_kernel_module_verbose, (kbus_ksock_t ksock, uint32_t request), (ksock, request))
KSOCK(ksock_max_message_size, (kbus_ksock_t ksock, uint32_t *size), (ksock, size))
KSOCK(ksock_new_device, (kbus_ksock_t ksock, uint32_t *number), (ksock, number))
KSOCK(ksock_next_msg, (kbus_ksock_t ksock, uint32_t *length), (ksock, length))
KSOCK(ksock_len_left, (kbus_ksock_t ksock, uint32_t *length), (ksock, length))
KSOCK(ksock_read_msg, (kbus_ksock_t ksock, kbus_message_t **msg, size_t length), (ksock, msg, length))
KSOCK(ksock_read_next_msg, (kbus_ksock_t ksock, kbus_message_t **msg), (ksock, msg))
KSOCK(ksock_read_data, (kbus_ksock_t ksock, void *data, size_t count), (ksock, data, count))
KSOCK(ksock_read_msgs, (kbus_ksock_t ksock, kbus_message_t *msgs[], uint32_t count), (ksock, msgs, count))
KSOCK(ksock_wait_read_msg, (kbus_ksock_t ksock, int timeout_ms, kbus_message_t **msg), (ksock, timeout_ms, msg))
KSOCK(ksock_wait_borrow_msgs, (kbus_ksock_t ksock, int timeout_ms, const kbus_message_t *msgs[], uint32_t count),
      (ksock, timeout_ms, msgs, count))
KSOCK(ksock_release_msg, (kbus_ksock_t ksock), (ksock))
KSOCK(ksock_write_msg, (kbus_ksock_t ksock, const kbus_message_t *msg), (ksock, msg))
KSOCK(ksock_write_data, (kbus_ksock_t ksock, uint8_t *data, size_t length), (ksock, data, length))
KSOCK(ksock_send, (kbus_ksock_t ksock, kbus_msg_id_t *id), (ksock, id))
KSOCK(ksock_send_msg, (kbus_ksock_t ksock, const kbus_message_t *msg, kbus_msg_id_t *id), (ksock, msg, id))
KSOCK(ksock_send_msgs, (kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count, kbus_send_result_t results[]),
      (ksock, msgs, count, results))
KSOCK(ksock_begin_msgs, (kbus_ksock_t ksock, const kbus_message_t *const msgs[], uint32_t count), (ksock, msgs, count))
KSOCK(ksock_end_msgs, (kbus_ksock_t ksock, kbus_send_result_t results[], uint32_t count), (ksock, results, count))
KSOCK(ksock_request, (kbus_ksock_t ksock, const kbus_message_t *request, int timeout_ms, kbus_message_t **reply),
      (ksock, request, timeout_ms, reply))
KSOCK(ksock_discard, (kbus_ksock_t ksock), (ksock))
KSOCK(ksock_poll, (kbus_ksock_t ksock, uint32_t *ready), (ksock, ready))
KSOCK(wait_for_message_timeout, (kbus_ksock_t ksock, int wait_for, int timeout_ms), (ksock, wait_for, timeout_ms))
OTHER(read_bindings, (char **text), (text))

EXPORTED int kbus_ksock_bind(kbus_ksock_t ksock, const char *name, uint32_t is_replier)
{
	return kbus_ksock_bind_n(ksock, name, strlen(name), is_replier);
}

EXPORTED int kbus_ksock_unbind(kbus_ksock_t ksock, const char *name, uint32_t is_replier)
{
	return kbus_ksock_unbind_n(ksock, name, strlen(name), is_replier);
}

EXPORTED int kbus_ksock_find_replier(kbus_ksock_t ksock, const char *name, uint32_t *id)
{
	return kbus_ksock_find_replier_n(ksock, name, strlen(name), id);
}

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

OTHER(msg_create, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS))
OTHER(msg_create_entire, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS))
OTHER(msg_create_request, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS))
OTHER(msg_create_entire_request, (kbus_message_t **msg, CONTENT), (msg, CONTENT_ARGUMENTS))
OTHER(msg_create_reply_to, (ANSWER), (ANSWER_ARGUMENTS))
OTHER(msg_create_entire_reply_to, (ANSWER), (ANSWER_ARGUMENTS))
OTHER(msg_create_stateful_request, (kbus_message_t **msg, const kbus_message_t *earlier, CONTENT), (msg, earlier, CONTENT_ARGUMENTS))
OTHER(msg_create_entire_stateful_request, (kbus_message_t **msg, const kbus_message_t *earlier, CONTENT),
      (msg, earlier, CONTENT_ARGUMENTS))
OTHER(msg_sizeof, (const kbus_message_t *msg), (msg))
OTHER(msg_split_bind_event, (const kbus_message_t *msg, uint32_t *is_bind, uint32_t *binder, char **name), (msg, is_bind, binder, name))

ENTRY_VOID(msg_delete_all, (kbus_message_t **msg), (kbus_message_t **msg), (msg))
ENTRY_VOID(msg_print2, (FILE *stream, const kbus_message_t *msg, unsigned flags),
	   (FILE *stream, const kbus_message_t *msg, unsigned flags), (stream, msg, flags))
ENTRY_VOID(msg_dump, (const kbus_message_t *msg, int dump_data), (FILE *stream, const kbus_message_t *msg, int dump_data),
	   (stdout, msg, dump_data))

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

#define LIMPET kbus_limpet_context_t *context

ENTRY_VOID(serialise_message_header, (const kbus_message_t *msg, uint32_t result[KBUS_SERIALISED_HDR_LEN]),
	   (const kbus_message_t *msg, uint32_t *result), (msg, result))
ENTRY_VOID(unserialise_message_header, (uint32_t serial[KBUS_SERIALISED_HDR_LEN], kbus_message_t *result),
	   (uint32_t *serial, kbus_message_t *result), (serial, result))
ENTRY_VOID(limpet_ReplierBindEvent_hton, (kbus_message_t *msg), (kbus_message_t *msg), (msg))
ENTRY_VOID(limpet_ReplierBindEvent_ntoh, (kbus_message_t *msg), (kbus_message_t *msg), (msg))
KSOCK(limpet_new_context,
      (kbus_ksock_t ksock, uint32_t network_id, uint32_t other_network_id, const char *message_name, uint32_t verbosity,
       kbus_limpet_context_t **context),
      (ksock, network_id, other_network_id, message_name, verbosity, context))
ENTRY_VOID(limpet_set_verbosity, (LIMPET, uint32_t verbosity), (LIMPET, uint32_t verbosity), (context, verbosity))
ENTRY_VOID(limpet_free_context, (kbus_limpet_context_t **context), (kbus_limpet_context_t **context), (context))
KSOCK(limpet_amend_msg_from_kbus, (LIMPET, kbus_message_t *msg), (context, msg))
KSOCK(limpet_amend_msg_to_kbus, (LIMPET, kbus_message_t *msg, kbus_message_t **error), (context, msg, error))
KSOCK(limpet_could_not_send_to_kbus_msg, (LIMPET, kbus_message_t *msg, int errnum, kbus_message_t **error),
      (context, msg, errnum, error))

const char *kbusnet_error_text(int errnum, const char *operation);
const char *kbusnet_error_name(int errnum);

EXPORTED const char *kbus_error_text(int errnum, const char *operation)
{
	const char *text = "This process was forked while its parent was using KBUS, and cannot use KBUS itself.";
	int before = errno;
	struct kbus_visitor *visitor = kbus_gate_enter();

	if (visitor) {
		text = kbusnet_error_text(errnum, operation);
		kbus_gate_leave(visitor);
	}
	errno = before;
	return text;
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
