/* What a device reads. Each reading has a name in the scenario and the value that it has without one. */
#include <stdio.h>

#include "driver.h"

READING_U32(nvmlDeviceGetPowerUsage, "power", "287000")                 /* mW */
READING_U32(nvmlDeviceGetEnforcedPowerLimit, "power_limit", "450000")   /* mW */
READING_U32(nvmlDeviceGetPowerManagementLimit, "power_limit", "450000") /* mW */
READING_U32(nvmlDeviceGetPowerManagementDefaultLimit, "power_limit", "450000")
READING_U64(nvmlDeviceGetTotalEnergyConsumption, "energy", "123456789") /* mJ */
READING_U64(nvmlDeviceGetCurrentClocksEventReasons, "clocks_event_reasons", "0")
READING_U64(nvmlDeviceGetCurrentClocksThrottleReasons, "clocks_event_reasons", "0")
READING_U64(nvmlDeviceGetSupportedClocksEventReasons, "supported_clocks_event_reasons", "0x1ff")
READING_U64(nvmlDeviceGetSupportedClocksThrottleReasons, "supported_clocks_event_reasons", "0x1ff")
READING_U32(nvmlDeviceGetFanSpeed, "fan", "35")
READING_U32(nvmlDeviceGetPerformanceState, "performance_state", "2")
READING_U32(nvmlDeviceGetPersistenceMode, "persistence", "1")
READING_U32(nvmlDeviceGetComputeMode, "compute_mode", "0")
READING_U32(nvmlDeviceGetDisplayActive, "display", "0")
READING_U32(nvmlDeviceGetDisplayMode, "display", "0")
READING_U32(nvmlDeviceIsMigDeviceHandle, "mig", "0")
READING_U32(nvmlDeviceGetMaxMigDeviceCount, "mig", "0")

API nvmlDeviceGetMigMode(device_t device, u32 *current, u32 *pending) {
    ENTER(device);
    (void)current;
    (void)pending;
    return NOT_SUPPORTED;
}

static result_t memory_of(int index, memory_v2_t *out) {
    TRY(scenario_number(index, "memory_total", "24564MiB", &out->total));
    TRY(scenario_number(index, "memory_used", "10240MiB", &out->used));
    TRY(scenario_number(index, "memory_reserved", "420MiB", &out->reserved));
    out->free = out->total - out->used - out->reserved;
    return SUCCESS;
}
/* v1 counts what is reserved as used */
API nvmlDeviceGetMemoryInfo(device_t device, memory_t *out) {
    memory_v2_t memory;
    ENTER(device);
    TRY(memory_of(index_of(device), &memory));
    *out = (memory_t){memory.total, memory.free, memory.used + memory.reserved};
    return SUCCESS;
}
API nvmlDeviceGetMemoryInfo_v2(device_t device, memory_v2_t *out) {
    ENTER(device);
    return out->version == MEMORY_V2 ? memory_of(index_of(device), out) : VERSION_MISMATCH;
}
API nvmlDeviceGetBAR1MemoryInfo(device_t device, memory_t *out) {
    ENTER(device);
    *out = (memory_t){32ull << 30, (32ull << 30) - (1ull << 20), 1ull << 20};
    return SUCCESS;
}

API nvmlDeviceGetUtilizationRates(device_t device, utilization_t *out) {
    ENTER(device);
    TRY(number_u32(index_of(device), "utilization", "87", &out->gpu));
    return number_u32(index_of(device), "memory_utilization", "43", &out->memory);
}

API nvmlDeviceGetTemperature(device_t device, int sensor, u32 *out) {
    ENTER(device);
    return sensor == TEMPERATURE_GPU ? number_u32(index_of(device), "temperature", "64", out) : INVALID_ARGUMENT;
}
API nvmlDeviceGetTemperatureV(device_t device, temperature_v1_t *out) {
    ENTER(device);
    if (out->version != TEMPERATURE_V1)
        return VERSION_MISMATCH;
    return number_u32(index_of(device), "temperature", "64", (u32 *)&out->temperature);
}
API nvmlDeviceGetTemperatureThreshold(device_t device, int which, u32 *out) {
    ENTER(device);
    return which ? number_u32(index_of(device), "temperature_slowdown", "87", out)
                 : number_u32(index_of(device), "temperature_shutdown", "92", out);
}

/* Graphics, SM, memory, video: the order of nvmlClockType_t */
static result_t clock_of(device_t device, const char *prefix, u32 type, u32 *out) {
    static const char *const names[] = {"graphics", "sm", "memory", "video"};
    static const char *const mhz[] = {"2520", "2520", "10501", "1965"};
    char key[32];
    if (type > 3)
        return INVALID_ARGUMENT;
    snprintf(key, sizeof key, "%s_%s", prefix, names[type]);
    return number_u32(index_of(device), key, mhz[type], out);
}
API nvmlDeviceGetClockInfo(device_t device, u32 type, u32 *out) {
    ENTER(device);
    return clock_of(device, "clock", type, out);
}
API nvmlDeviceGetMaxClockInfo(device_t device, u32 type, u32 *out) {
    ENTER(device);
    return clock_of(device, "clock_max", type, out);
}

static result_t codec(device_t device, const char *key, u32 *utilization, u32 *period_us) {
    *period_us = 167000;
    return number_u32(index_of(device), key, "0", utilization);
}
API nvmlDeviceGetEncoderUtilization(device_t device, u32 *utilization, u32 *period_us) {
    ENTER(device);
    return codec(device, "encoder", utilization, period_us);
}
API nvmlDeviceGetDecoderUtilization(device_t device, u32 *utilization, u32 *period_us) {
    ENTER(device);
    return codec(device, "decoder", utilization, period_us);
}
API nvmlDeviceGetPcieThroughput(device_t device, u32 counter, u32 *out) {
    ENTER(device);
    return number_u32(index_of(device), counter ? "pcie_received" : "pcie_sent", "1000", out);
}

/* Corrected, uncorrected by volatile, aggregate: the orders of nvmlMemoryErrorType_t and nvmlEccCounterType_t */
API nvmlDeviceGetTotalEccErrors(device_t device, u32 type, u32 lifetime, u64 *out) {
    static const char *const keys[2][2] = {{"ecc_corrected_volatile", "ecc_corrected_aggregate"},
                                           {"ecc_uncorrected_volatile", "ecc_uncorrected_aggregate"}};
    ENTER(device);
    if (type > 1 || lifetime > 1)
        return INVALID_ARGUMENT;
    return scenario_number(index_of(device), keys[type][lifetime], "0", out);
}

API nvmlDeviceGetFieldValues(device_t device, int count, field_value_t *out) {
    ENTER(device);
    for (int i = 0; i < count; i++)
        out[i].result = NOT_SUPPORTED;
    return SUCCESS;
}

API nvmlDeviceGetDriverModel_v2(device_t device, u32 *current, u32 *pending) { /* Windows has one */
    ENTER(device);
    (void)current;
    (void)pending;
    return NOT_SUPPORTED;
}
