/* What the simulated driver is to answer, from the file that $NVML_SCENARIO names; read again whenever it changed. */
#ifndef SIMULATED_NVML_SCENARIO_H
#define SIMULATED_NVML_SCENARIO_H

#include <stddef.h>

#include "layout.h"

enum { MACHINE = -1 }; /* instead of a device's index: a fact of the whole machine */

/* The text under `gpu<device>.<key>`, else `gpu.<key>`; for MACHINE under `<key>`. `otherwise` where there is none.
 * The result is the error N where the text is `!N`, and NOT_SUPPORTED where `otherwise` is needed and NULL. */
result_t scenario_text(int device, const char *key, const char *otherwise, char *out, size_t size);

/* A number: decimal or 0x, with an optional KiB, MiB or GiB. A negative one wraps as in C. */
u64 amount(const char *text);

/* The same as scenario_text, as a number. */
result_t scenario_number(int device, const char *key, const char *otherwise, u64 *out);

#endif
