/* kbus/kbus.h - the same as kbus.h, for programs that look for it in a folder of its own, as <kbus/kbus.h>.
 *
 * Part of KBUS. MIT licence.
 */
#include "../kbus.h"
