/* touch.h - whether memory that a caller names can be read at all.
 *
 * A bad pointer that managed code follows ends the process; the original's kernel answered -EFAULT. So one byte of each page is loaded here
 * first, which costs less than a nanosecond. A load that faults goes on at its label: the handler of SIGSEGV knows all of them
 * by a table, as the kernel does with its own. That handler is called by the runtime's, which passes on every fault that is not in managed code, and
 * passes on itself what is not in the table.
 */
#ifndef KBUS_TOUCH_H
#define KBUS_TOUCH_H

#include "kbus.h"

#include <stddef.h>
#include <stdint.h>

#define KBUS_SMALLEST_PAGE 4096
#define KBUS_LARGEST_DATA (64u * 1024 * 1024) /* no bus takes more */

/* Puts the handler where the runtime, which is about to start, finds it. */
void kbus_touch_start(void);

int kbus_can_read_pages(const char *first, const char *last);
int kbus_can_read_string(const char *string, size_t *length);
int kbus_can_read_written(const kbus_message_t *msg);
int kbus_can_read_all(const kbus_message_t *const msgs[], uint32_t count);

static inline int kbus_can_load(const char *at)
{
/* On x86-64 not by way of the registers of the stack, with which an address that no user can have gives SIGBUS in place of SIGSEGV. */
#if defined(__x86_64__)
#define KBUS_LOAD "testb $0, (%0)"
#define KBUS_LOAD_BY "Q"
#elif defined(__aarch64__)
#define KBUS_LOAD "ldrb wzr, [%0]"
#define KBUS_LOAD_BY "r"
#endif
	/* Said apart for valgrind, which leaves out a load whose result nobody uses. */
	if (at == NULL)
		return 0;
#ifdef KBUS_LOAD
	__asm__ goto("1:\t" KBUS_LOAD "\n\t"
		     ".pushsection kbus_loads, \"a\"\n\t"
		     ".balign 4\n\t"
		     ".long 1b - .\n\t"
		     ".long %l[faulted] - .\n\t"
		     ".popsection"
		     :
		     : KBUS_LOAD_BY(at)
		     : "cc", "memory"
		     : faulted);
	return 1;
faulted:
	return 0;
#else
	return 1;
#endif
}

static inline int kbus_can_read(const void *start, size_t length)
{
	const char *first = (const char *)start, *last = first + length - 1;

	if (length == 0)
		return 1;
	if (((uintptr_t)first ^ (uintptr_t)last) < KBUS_SMALLEST_PAGE)
		return kbus_can_load(first);
	return kbus_can_read_pages(first, last);
}

/* A message that is sent: its header, and its name and data wherever they are. What its lengths make impossible is refused without a look at them. */
static inline int kbus_can_read_message(const kbus_message_t *msg)
{
	uint32_t name_len, data_len;

	if (!kbus_can_read(msg, sizeof(*msg)))
		return 0;
	name_len = msg->name_len;
	data_len = msg->data_len;
	if (msg->name == NULL)
		return kbus_can_read_written(msg);
	return (name_len > KBUS_MAX_NAME_LEN || kbus_can_read(msg->name, name_len)) &&
	       (msg->data == NULL || data_len > KBUS_LARGEST_DATA || kbus_can_read(msg->data, data_len));
}

#endif
