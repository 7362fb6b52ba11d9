/* What happens on a device: the processes that hold its memory, and Xid events. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

/* Processes: `compute_processes = 4711:2048MiB 4712:-` */

static result_t processes(device_t device, const char *key, u32 *count, process_t *out) {
    char list[1024], *rest = list, *entry;
    u32 room = *count;
    *count = 0;
    TRY(scenario_text(index_of(device), key, "", list, sizeof list));
    for (; (entry = strtok_r(rest, " ", &rest)); ++*count) {
        if (*count >= room || !out)
            continue;
        char *memory;
        u32 pid = (u32)strtoul(entry, &memory, 10);
        out[*count] = (process_t){pid, memory[1] == '-' ? ~0ull : amount(memory + 1), ~0u, ~0u};
    }
    return *count > room ? INSUFFICIENT_SIZE : SUCCESS;
}

#define PROCESSES(function, key)                                                                                       \
    API function(device_t device, u32 *count, process_t *out) {                                                        \
        ENTER(device);                                                                                                 \
        return processes(device, key, count, out);                                                                     \
    }
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v3, "compute_processes")
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v2, "compute_processes")
PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v3, "graphics_processes")
PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v2, "graphics_processes")
PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v3, "mps_processes")

API nvmlDeviceGetProcessUtilization(device_t device, void *out, u32 *count, u64 since_us) {
    ENTER(device);
    (void)out;
    (void)since_us;
    *count = 0;
    return NOT_FOUND;
}

/* Events: `events = 0:79 1:31` is a list of device:Xid that grows; a set delivers what was added after it was made. */

struct event_set {
    u64 devices; /* a bit each */
    int next;
};

static pthread_mutex_t event_lock = PTHREAD_MUTEX_INITIALIZER;

static int event_count(void) {
    char list[1024], *rest = list;
    int count = 0;
    if (scenario_text(MACHINE, "events", "", list, sizeof list))
        return 0;
    while (strtok_r(rest, " ", &rest))
        count++;
    return count;
}

API nvmlEventSetCreate(event_set_t *out) {
    TRY(enter_machine(__func__));
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UNKNOWN;
    (*out)->next = event_count();
    return SUCCESS;
}
API nvmlEventSetFree(event_set_t set) {
    free(set);
    return SUCCESS;
}
READING_U64(nvmlDeviceGetSupportedEventTypes, "supported_events", "0x1f")
API nvmlDeviceRegisterEvents(device_t device, u64 types, event_set_t set) {
    ENTER(device);
    if (types & EVENT_XID)
        set->devices |= 1ull << index_of(device);
    return SUCCESS;
}

static result_t next_event(event_set_t set, event_t *out) {
    char list[1024], *rest = list, *entry, *xid;
    TRY(scenario_text(MACHINE, "events", "", list, sizeof list));
    for (int i = 0; (entry = strtok_r(rest, " ", &rest)); i++) {
        int index = (int)strtol(entry, &xid, 10);
        if (i < set->next)
            continue;
        set->next = i + 1;
        if (set->devices & 1ull << index) {
            *out = (event_t){device_at(index), EVENT_XID, strtoull(xid + 1, NULL, 10), ~0u, ~0u};
            return SUCCESS;
        }
    }
    return TIMEOUT;
}
API nvmlEventSetWait_v2(event_set_t set, event_t *out, u32 timeout_ms) {
    TRY(enter_machine(__func__));
    pthread_mutex_lock(&event_lock);
    result_t result = next_event(set, out);
    pthread_mutex_unlock(&event_lock);
    if (result == TIMEOUT)
        pause_ms(timeout_ms);
    return result;
}
API nvmlEventSetWait(event_set_t set, event_t *out, u32 timeout_ms) {
    return nvmlEventSetWait_v2(set, out, timeout_ms);
}
