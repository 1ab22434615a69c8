/* check.h - what the test programs say when something is not as it should be. */
#ifndef CHECK_H
#define CHECK_H

#include <kbus.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                     \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                              \
		}                                                                             \
	} while (0)

#define EXPECT_INT(wanted, expression)                                                                              \
	do {                                                                                                        \
		long got_ = (long)(expression);                                                                     \
		if (got_ != (long)(wanted)) {                                                                       \
			fprintf(stderr, "%s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #expression, got_, (long)(wanted)); \
			exit(1);                                                                                    \
		}                                                                                                   \
	} while (0)

/* A call that fails says it twice. */
#define EXPECT_ERROR(error, expression)           \
	do {                                      \
		errno = 0;                        \
		EXPECT_INT(-(error), expression); \
		EXPECT_INT(error, errno);         \
	} while (0)

static inline kbus_ksock_t open_ksock(void)
{
	kbus_ksock_t ksock = kbus_ksock_open(0, O_RDWR);

	EXPECT(ksock >= 0);
	return ksock;
}

static inline kbus_msg_id_t send_named(kbus_ksock_t ksock, const char *name, const char *data, uint32_t flags, int wanted)
{
	kbus_message_t *msg;
	kbus_msg_id_t id = { 0, 0 };

	EXPECT_INT(0, kbus_msg_create(&msg, name, (uint32_t)strlen(name), data, data ? (uint32_t)strlen(data) : 0, flags));
	EXPECT_INT(wanted, kbus_ksock_send_msg(ksock, msg, &id));
	kbus_msg_delete(&msg);
	return id;
}

static inline kbus_message_t *read_one(kbus_ksock_t ksock)
{
	kbus_message_t *msg = NULL;

	EXPECT_INT(0, kbus_ksock_read_next_msg(ksock, &msg));
	EXPECT(msg != NULL);
	return msg;
}

static inline void read_and_forget(kbus_ksock_t ksock)
{
	kbus_message_t *msg = read_one(ksock);

	kbus_msg_delete(&msg);
}

static inline int has_name(const kbus_message_t *msg, const char *name)
{
	return msg->name_len == strlen(name) && memcmp(kbus_msg_name_ptr(msg), name, msg->name_len) == 0;
}

static inline int has_data(const kbus_message_t *msg, const char *data)
{
	return msg->data_len == strlen(data) && (msg->data_len == 0 || memcmp(kbus_msg_data_ptr(msg), data, msg->data_len) == 0);
}

/* What poll reports of a Ksock now. */
static inline int ready(kbus_ksock_t ksock)
{
	struct pollfd entry = { ksock, POLLIN | POLLOUT, 0 };

	EXPECT(poll(&entry, 1, 0) >= 0);
	return entry.revents;
}

#endif
