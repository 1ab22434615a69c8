/* kbus/limpet.h - the same as limpet.h, for programs that look for it in a folder of its own, as <kbus/limpet.h>.
 *
 * Part of KBUS. MIT licence.
 */
#include "../limpet.h"
