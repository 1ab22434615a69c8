/* linux/kbus_defns.h - what a KBUS message is, byte for byte, and the commands of a Ksock.
 *
 * Part of KBUS. MIT licence.
 *
 * Programs that use libkbus include <kbus.h>, which includes this.
 */
#ifndef LINUX_KBUS_DEFNS_H
#define LINUX_KBUS_DEFNS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* C89 has neither inline functions nor arrays of open length, and C++ not the latter: they are asked for so that -pedantic is silent. */
#ifdef __GNUC__
#define KBUS_INLINE static __inline__
#define KBUS_FLEXIBLE __extension__
#else
#define KBUS_INLINE static inline
#define KBUS_FLEXIBLE
#endif

#ifndef BIT
#define BIT(num) (1U << (num))
#endif

/* Ids */

/* A message's id. 0:0 is no id at all; a network id of 0 asks the bus for a serial number. */
struct kbus_msg_id {
	uint32_t network_id;
	uint32_t serial_num;
};

/* A Ksock beyond Limpets: where a message came from first, or where it is to go in the end. 0:0 is nobody. */
struct kbus_orig_from {
	uint32_t network_id;
	uint32_t local_id;
};

/* Arguments of commands */

/* BIND and UNBIND. name_len does not count the terminating NUL. */
struct kbus_bind_request {
	uint32_t is_replier; /* 0 for a listener */
	uint32_t name_len;
	char *name;
};

/* REPLIER. */
struct kbus_bind_query {
	uint32_t return_id; /* filled in: the replier's Ksock id, 0 if there is none */
	uint32_t name_len;
	char *name;
};

/* Messages */

/* The longest message name in bytes, without its terminating NUL. */
#define KBUS_MAX_NAME_LEN 1000

/* The words at the start and the end of a header; the second also ends an entire message. */
#define KBUS_MSG_START_GUARD 0x7375624BU
#define KBUS_MSG_END_GUARD 0x4B627573U

/* The header of a message, and the whole of a pointy one.
 *
 * Pointy: name (and data, if data_len is not 0) point at the caller's memory, which must stay as it is until the message is sent.
 * Entire: both pointers are NULL, and name, data and a second end guard follow the header (struct kbus_entire_message).
 * The bus fills in id (if its network id is 0) and from; it sets extra to 0.
 */
struct kbus_message_header {
	uint32_t start_guard;
	struct kbus_msg_id id;
	struct kbus_msg_id in_reply_to; /* the Request that this answers, or 0:0 */
	uint32_t to;                    /* the Ksock that it is for, or 0 */
	uint32_t from;                  /* the Ksock that sent it; 0 is the bus */
	struct kbus_orig_from orig_from;
	struct kbus_orig_from final_to;
	uint32_t extra;
	uint32_t flags; /* KBUS_BIT_... */
	uint32_t name_len; /* bytes, without the NUL */
	uint32_t data_len; /* bytes */
	char *name;
	void *data;
	uint32_t end_guard;
};

/* What reading gives: the header, then padded name, padded data and the end guard in 32-bit words. */
struct kbus_entire_message {
	struct kbus_message_header header;
	KBUS_FLEXIBLE uint32_t rest[];
};

/* The data of a $.KBUS.ReplierBindEvent; the NUL-terminated name is in rest. */
struct kbus_replier_bind_event_data {
	uint32_t is_bind; /* 1: bound, 0: unbound */
	uint32_t binder;  /* the Ksock that did it */
	uint32_t name_len;
	KBUS_FLEXIBLE uint32_t rest[];
};

/* Lengths in bytes: a name with its NUL, and data, padded to whole words; an entire message. */
#define KBUS_PADDED_NAME_LEN(name_len) (4 * (((name_len) + 1 + 3) / 4))
#define KBUS_PADDED_DATA_LEN(data_len) (4 * (((data_len) + 3) / 4))
#define KBUS_ENTIRE_MSG_LEN(name_len, data_len) \
	(sizeof(struct kbus_entire_message) + KBUS_PADDED_NAME_LEN(name_len) + KBUS_PADDED_DATA_LEN(data_len) + 4)

/* Where data and end guard are in an entire message, as indices of rest. */
#define KBUS_ENTIRE_MSG_DATA_INDEX(name_len) (KBUS_PADDED_NAME_LEN(name_len) / 4)
#define KBUS_ENTIRE_MSG_END_GUARD_INDEX(name_len, data_len) \
	((KBUS_PADDED_NAME_LEN(name_len) + KBUS_PADDED_DATA_LEN(data_len)) / 4)

/* A message's name, whichever form it has. */
KBUS_INLINE char *kbus_msg_name_ptr(const struct kbus_message_header *hdr)
{
	if (hdr->name)
		return hdr->name;
	return (char *)&((struct kbus_entire_message *)(uintptr_t)hdr)->rest[0];
}

/* A message's data, whichever form it has; NULL if it has none. */
KBUS_INLINE void *kbus_msg_data_ptr(const struct kbus_message_header *hdr)
{
	if (hdr->data_len == 0)
		return NULL;
	if (hdr->name)
		return hdr->data;
	return (void *)&((struct kbus_entire_message *)(uintptr_t)hdr)->rest[KBUS_ENTIRE_MSG_DATA_INDEX(hdr->name_len)];
}

/* The second end guard of an entire message. */
KBUS_INLINE uint32_t *kbus_msg_end_ptr(struct kbus_entire_message *msg)
{
	return &msg->rest[KBUS_ENTIRE_MSG_END_GUARD_INDEX(msg->header.name_len, msg->header.data_len)];
}

/* Flags. Bits 4 to 7 and 10 to 15 are reserved; 16 to 31 are the application's own. */
#define KBUS_BIT_WANT_A_REPLY BIT(0)      /* it is a Request */
#define KBUS_BIT_WANT_YOU_TO_REPLY BIT(1) /* set by the bus on the replier's own copy */
#define KBUS_BIT_SYNTHETIC BIT(2)         /* set by the bus: it made this message itself */
#define KBUS_BIT_URGENT BIT(3)            /* goes to the front of each queue */
#define KBUS_BIT_ALL_OR_WAIT BIT(8)       /* nobody gets it until everybody can; the send waits (EAGAIN) */
#define KBUS_BIT_ALL_OR_FAIL BIT(9)       /* nobody gets it unless everybody can (EBUSY) */
#define KBUS_BIT_ERROR_REPLY BIT(10)      /* set by a replier on a Reply: it failed, and the data says why */

/* Names of messages that the bus sends by itself. */
#define KBUS_MSG_NAME_REPLIER_GONEAWAY "$.KBUS.Replier.GoneAway"
#define KBUS_MSG_NAME_REPLIER_IGNORED "$.KBUS.Replier.Ignored"
#define KBUS_MSG_NAME_REPLIER_UNBOUND "$.KBUS.Replier.Unbound"
#define KBUS_MSG_NAME_REPLIER_DISAPPEARED "$.KBUS.Replier.Disappeared"
#define KBUS_MSG_NAME_ERROR_SENDING "$.KBUS.ErrorSending"
#define KBUS_MSG_NAME_REPLIER_BIND_EVENT "$.KBUS.ReplierBindEvent"
#define KBUS_MSG_NAME_UNBIND_EVENTS_LOST "$.KBUS.UnbindEventsLost"

/* Commands of a device file */

#define KBUS_IOC_MAGIC 'k'

#define KBUS_IOC_RESET _IO(KBUS_IOC_MAGIC, 1)                         /* nothing */
#define KBUS_IOC_BIND _IOW(KBUS_IOC_MAGIC, 2, char *)                 /* struct kbus_bind_request */
#define KBUS_IOC_UNBIND _IOW(KBUS_IOC_MAGIC, 3, char *)               /* struct kbus_bind_request */
#define KBUS_IOC_KSOCKID _IOR(KBUS_IOC_MAGIC, 4, char *)              /* uint32_t: the Ksock's id */
#define KBUS_IOC_REPLIER _IOWR(KBUS_IOC_MAGIC, 5, char *)             /* struct kbus_bind_query */
#define KBUS_IOC_NEXTMSG _IOR(KBUS_IOC_MAGIC, 6, char *)              /* uint32_t: length of the next message */
#define KBUS_IOC_LENLEFT _IOR(KBUS_IOC_MAGIC, 7, char *)              /* uint32_t: bytes left to read */
#define KBUS_IOC_SEND _IOR(KBUS_IOC_MAGIC, 8, char *)                 /* struct kbus_msg_id: the id given */
#define KBUS_IOC_DISCARD _IO(KBUS_IOC_MAGIC, 9)                       /* nothing */
#define KBUS_IOC_LASTSENT _IOR(KBUS_IOC_MAGIC, 10, char *)            /* struct kbus_msg_id */
#define KBUS_IOC_MAXMSGS _IOWR(KBUS_IOC_MAGIC, 11, char *)            /* uint32_t: queue limit, 0 asks */
#define KBUS_IOC_NUMMSGS _IOR(KBUS_IOC_MAGIC, 12, char *)             /* uint32_t: messages waiting */
#define KBUS_IOC_UNREPLIEDTO _IOR(KBUS_IOC_MAGIC, 13, char *)         /* uint32_t: Requests read, not replied to */
#define KBUS_IOC_MSGONLYONCE _IOWR(KBUS_IOC_MAGIC, 14, char *)        /* uint32_t: 0, 1, 0xFFFFFFFF asks */
#define KBUS_IOC_VERBOSE _IOWR(KBUS_IOC_MAGIC, 15, char *)            /* uint32_t: likewise */
#define KBUS_IOC_NEWDEVICE _IOR(KBUS_IOC_MAGIC, 16, char *)           /* uint32_t: the new bus's number */
#define KBUS_IOC_REPORTREPLIERBINDS _IOWR(KBUS_IOC_MAGIC, 17, char *) /* uint32_t: as MSGONLYONCE */
#define KBUS_IOC_MAXMSGSIZE _IOWR(KBUS_IOC_MAGIC, 18, char *)         /* uint32_t: 0 asks, 1 asks for the most possible */

/* The highest command number. */
#define KBUS_IOC_MAXNR 18

#ifdef __cplusplus
}
#endif

#endif
