/* What every function of the simulated driver shares. */
#ifndef SIMULATED_NVML_DRIVER_H
#define SIMULATED_NVML_DRIVER_H

#include <stdint.h>

#include "scenario.h"

#define API __attribute__((visibility("default"))) result_t
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        result_t failed = (call);                                                                                      \
        if (failed)                                                                                                    \
            return failed;                                                                                             \
    } while (0)
#define ENTER(device) TRY(enter(device, __func__))

/* Every call passes here: it hangs as scripted, then fails as scripted for this function, the device, the machine. */
result_t enter_machine(const char *function);
result_t enter(device_t device, const char *function);

int device_count(void);
void pause_ms(u64 milliseconds);

static inline int index_of(device_t device) { return (int)(intptr_t)device - 1; }
static inline device_t device_at(int index) { return (device_t)(intptr_t)(index + 1); }

result_t copy_text(const char *text, char *out, u32 size);
result_t text(int device, const char *key, const char *otherwise, char *out, u32 size);
result_t number_u32(int device, const char *key, const char *otherwise, u32 *out);

#define READING_U32(function, key, otherwise)                                                                          \
    API function(device_t device, u32 *out) {                                                                          \
        ENTER(device);                                                                                                 \
        return number_u32(index_of(device), key, otherwise, out);                                                      \
    }
#define READING_U64(function, key, otherwise)                                                                          \
    API function(device_t device, u64 *out) {                                                                          \
        ENTER(device);                                                                                                 \
        return scenario_number(index_of(device), key, otherwise, out);                                                 \
    }

#endif
