/* Compares layout.h with NVIDIA's nvml.h, at compile time:  gcc -fsyntax-only -I DIR_OF_NVML_H check_layout.c */
#include <stddef.h>

#include <nvml.h>

#include "src/layout.h"

#define SAME(condition) _Static_assert(condition, #condition)
#define SIZE(ours, theirs) SAME(sizeof(ours) == sizeof(theirs))
#define FIELD(ours, field, theirs, their_field)                                                                        \
    SAME(offsetof(ours, field) == offsetof(theirs, their_field) &&                                                     \
         sizeof(((ours *)0)->field) == sizeof(((theirs *)0)->their_field))

SAME((int)SUCCESS == NVML_SUCCESS && (int)UNINITIALIZED == NVML_ERROR_UNINITIALIZED);
SAME((int)INVALID_ARGUMENT == NVML_ERROR_INVALID_ARGUMENT && (int)NOT_SUPPORTED == NVML_ERROR_NOT_SUPPORTED);
SAME((int)NOT_FOUND == NVML_ERROR_NOT_FOUND && (int)INSUFFICIENT_SIZE == NVML_ERROR_INSUFFICIENT_SIZE);
SAME((int)TIMEOUT == NVML_ERROR_TIMEOUT && (int)UNKNOWN == NVML_ERROR_UNKNOWN);
SAME((int)VERSION_MISMATCH == NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
SAME(EVENT_XID == nvmlEventTypeXidCriticalError && TEMPERATURE_GPU == NVML_TEMPERATURE_GPU);
SAME(MEMORY_V2 == nvmlMemory_v2 && TEMPERATURE_V1 == nvmlTemperature_v1);

SIZE(memory_t, nvmlMemory_t);
FIELD(memory_t, total, nvmlMemory_t, total);
FIELD(memory_t, free, nvmlMemory_t, free);
FIELD(memory_t, used, nvmlMemory_t, used);

SIZE(memory_v2_t, nvmlMemory_v2_t);
FIELD(memory_v2_t, version, nvmlMemory_v2_t, version);
FIELD(memory_v2_t, total, nvmlMemory_v2_t, total);
FIELD(memory_v2_t, reserved, nvmlMemory_v2_t, reserved);
FIELD(memory_v2_t, free, nvmlMemory_v2_t, free);
FIELD(memory_v2_t, used, nvmlMemory_v2_t, used);

SIZE(utilization_t, nvmlUtilization_t);
FIELD(utilization_t, gpu, nvmlUtilization_t, gpu);
FIELD(utilization_t, memory, nvmlUtilization_t, memory);

SIZE(temperature_v1_t, nvmlTemperature_v1_t);
FIELD(temperature_v1_t, version, nvmlTemperature_v1_t, version);
FIELD(temperature_v1_t, sensor, nvmlTemperature_v1_t, sensorType);
FIELD(temperature_v1_t, temperature, nvmlTemperature_v1_t, temperature);

SIZE(pci_t, nvmlPciInfo_t);
FIELD(pci_t, legacy_id, nvmlPciInfo_t, busIdLegacy);
FIELD(pci_t, domain, nvmlPciInfo_t, domain);
FIELD(pci_t, bus, nvmlPciInfo_t, bus);
FIELD(pci_t, device, nvmlPciInfo_t, device);
FIELD(pci_t, device_id, nvmlPciInfo_t, pciDeviceId);
FIELD(pci_t, subsystem_id, nvmlPciInfo_t, pciSubSystemId);
FIELD(pci_t, id, nvmlPciInfo_t, busId);

SIZE(process_v1_t, nvmlProcessInfo_v1_t);
SIZE(process_t, nvmlProcessInfo_v2_t);
FIELD(process_t, pid, nvmlProcessInfo_v2_t, pid);
FIELD(process_t, used, nvmlProcessInfo_v2_t, usedGpuMemory);
FIELD(process_t, gpu_instance, nvmlProcessInfo_v2_t, gpuInstanceId);
FIELD(process_t, compute_instance, nvmlProcessInfo_v2_t, computeInstanceId);

SIZE(event_t, nvmlEventData_t);
FIELD(event_t, device, nvmlEventData_t, device);
FIELD(event_t, type, nvmlEventData_t, eventType);
FIELD(event_t, data, nvmlEventData_t, eventData);
FIELD(event_t, gpu_instance, nvmlEventData_t, gpuInstanceId);
FIELD(event_t, compute_instance, nvmlEventData_t, computeInstanceId);

SIZE(field_value_t, nvmlFieldValue_t);
FIELD(field_value_t, field, nvmlFieldValue_t, fieldId);
FIELD(field_value_t, scope, nvmlFieldValue_t, scopeId);
FIELD(field_value_t, result, nvmlFieldValue_t, nvmlReturn);
FIELD(field_value_t, value, nvmlFieldValue_t, value);
