/* pointers.h - whether a caller has given the pointers that a call follows.
 *
 * Managed code that follows a null pointer could find out only in the middle of what it does. So it is looked at here first, and then nothing has been
 * done. No more than that is looked at: the library has no handler of its own for what a pointer to nowhere else does.
 */
#ifndef KBUS_POINTERS_H
#define KBUS_POINTERS_H

#include "kbus.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int kbus_is_given(const void *start, size_t length)
{
	return start != NULL || length == 0;
}

/* A name that ends with a NUL, of which no more is looked at than any name may have, and one byte. */
static inline int kbus_is_string_given(const char *string, size_t *length)
{
	*length = string ? strnlen(string, KBUS_MAX_NAME_LEN + 1) : 0;
	return string != NULL;
}

static inline int kbus_are_all_given(const kbus_message_t *const msgs[], uint32_t count)
{
	if (!kbus_is_given(msgs, count))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (msgs[i] == NULL)
			return 0;
	return 1;
}

#endif
