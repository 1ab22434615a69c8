/* touch.c - see touch.h. */
#define _GNU_SOURCE
#include "touch.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

/* Where a load is and where it goes on if it faults, each as a distance from the entry's own field. */
struct load {
	int32_t at;
	int32_t faulted;
};

extern const struct load __start_kbus_loads[] __attribute__((visibility("hidden")));
extern const struct load __stop_kbus_loads[] __attribute__((visibility("hidden")));

static struct sigaction former;

#if defined(__x86_64__)
#define PLACE(context) ((context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define PLACE(context) ((context)->uc_mcontext.pc)
#endif

static int goes_on_elsewhere(ucontext_t *context)
{
#ifdef PLACE
	for (const struct load *each = __start_kbus_loads; each < __stop_kbus_loads; each++)
		if ((uintptr_t)PLACE(context) == (uintptr_t)&each->at + (uintptr_t)(intptr_t)each->at) {
			PLACE(context) = (uintptr_t)&each->faulted + (uintptr_t)(intptr_t)each->faulted;
			return 1;
		}
#else
	(void)context;
#endif
	return 0;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	if (goes_on_elsewhere(context))
		return;
	if (former.sa_flags & SA_SIGINFO) {
		former.sa_sigaction(number, info, context);
	} else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
		former.sa_handler(number);
	} else {
		/* What faulted does so again when this returns. A signal that somebody sent does not come again by itself. */
		sigaction(number, &former, NULL);
		if (info->si_code <= 0)
			raise(number);
	}
}

void kbus_touch_start(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(SIGSEGV, &action, &former);
}

/* One byte of each page from the first byte to the last. */
int kbus_can_read_pages(const char *first, const char *last)
{
	if (last < first || !kbus_can_load(first))
		return 0;
	for (uintptr_t page = ((uintptr_t)first | (KBUS_SMALLEST_PAGE - 1)) + 1; page <= (uintptr_t)last; page += KBUS_SMALLEST_PAGE)
		if (!kbus_can_load((const char *)page))
			return 0;
	return 1;
}

/* How long a string is, or that it is longer than any name may be. */
int kbus_can_read_string(const char *string, size_t *length)
{
	size_t seen = 0;

	while (seen <= KBUS_MAX_NAME_LEN) {
		size_t in_page = KBUS_SMALLEST_PAGE - ((uintptr_t)(string + seen) & (KBUS_SMALLEST_PAGE - 1)), part;

		if (!kbus_can_load(string + seen))
			return 0;
		part = strnlen(string + seen, in_page);
		seen += part;
		if (part < in_page)
			break;
	}
	*length = seen;
	return 1;
}

/* A message that is written: all of an entire one, and only the header of a pointy one, whose pointers are followed when it is sent. */
int kbus_can_read_written(const kbus_message_t *msg)
{
	if (!kbus_can_read(msg, sizeof(*msg)))
		return 0;
	return msg->name != NULL || msg->name_len > KBUS_MAX_NAME_LEN || msg->data_len > KBUS_LARGEST_DATA ||
	       kbus_can_read(msg, KBUS_ENTIRE_MSG_LEN((size_t)msg->name_len, (size_t)msg->data_len));
}

int kbus_can_read_all(const kbus_message_t *const msgs[], uint32_t count)
{
	if (!kbus_can_read(msgs, count * sizeof(*msgs)))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (!kbus_can_read_message(msgs[i]))
			return 0;
	return 1;
}
