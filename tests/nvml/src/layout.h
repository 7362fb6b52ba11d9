/* The part of NVML's binary interface that the simulated driver speaks: result codes and the layout of its structures.
 * check_layout.c compares all of it with NVIDIA's own nvml.h. */
#ifndef SIMULATED_NVML_LAYOUT_H
#define SIMULATED_NVML_LAYOUT_H

typedef unsigned int u32;
typedef unsigned long long u64;
typedef struct device *device_t; /* opaque: index + 1, so that no device is NULL */
typedef struct event_set *event_set_t;

typedef enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7,
    TIMEOUT = 10,
    VERSION_MISMATCH = 25,
    UNKNOWN = 999,
} result_t;

typedef struct { u64 total, free, used; } memory_t;
typedef struct { u32 version; u64 total, reserved, free, used; } memory_v2_t;
typedef struct { u32 gpu, memory; } utilization_t;
typedef struct { u32 version; int sensor; int temperature; } temperature_v1_t;
typedef struct { char legacy_id[16]; u32 domain, bus, device, device_id, subsystem_id; char id[32]; } pci_t;
typedef struct { u32 pid; u64 used; } process_v1_t;
typedef struct { u32 pid; u64 used; u32 gpu_instance, compute_instance; } process_t; /* v2 and v3 alike */
typedef struct { device_t device; u64 type, data; u32 gpu_instance, compute_instance; } event_t;
typedef struct { u32 field, scope; long long at, latency; int type; result_t result; u64 value; } field_value_t;

enum { EVENT_XID = 8, TEMPERATURE_GPU = 0, MEMORY_V2 = 0x02000028, TEMPERATURE_V1 = 0x0100000c };

#endif
