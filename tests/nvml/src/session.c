/* The library's session, the machine and the identity of its devices. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"

static atomic_int users; /* nvmlInit minus nvmlShutdown */

int device_count(void) {
    u64 count;
    return scenario_number(MACHINE, "devices", "1", &count) ? 0 : (int)count;
}

void pause_ms(u64 milliseconds) {
    struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000L};
    nanosleep(&time, NULL);
}

result_t enter_machine(const char *function) {
    u64 unused, sleep_ms;
    if (!users)
        return UNINITIALIZED;
    TRY(scenario_number(MACHINE, "sleep_ms", "0", &sleep_ms));
    pause_ms(sleep_ms);
    TRY(scenario_number(MACHINE, "driver", "0", &unused));
    return scenario_number(MACHINE, function, "0", &unused);
}

result_t enter(device_t device, const char *function) {
    u64 unused, sleep_ms;
    int index = index_of(device);
    TRY(enter_machine(function));
    if (index < 0 || index >= device_count())
        return INVALID_ARGUMENT;
    TRY(scenario_number(index, "sleep_ms", "0", &sleep_ms));
    pause_ms(sleep_ms);
    TRY(scenario_number(index, "device", "0", &unused));
    return scenario_number(index, function, "0", &unused);
}

result_t copy_text(const char *text, char *out, u32 size) {
    if (strlen(text) + 1 > size)
        return INSUFFICIENT_SIZE;
    strcpy(out, text);
    return SUCCESS;
}

result_t text(int device, const char *key, const char *otherwise, char *out, u32 size) {
    char value[1024];
    TRY(scenario_text(device, key, otherwise, value, sizeof value));
    return copy_text(value, out, size);
}

result_t number_u32(int device, const char *key, const char *otherwise, u32 *out) {
    u64 value;
    TRY(scenario_number(device, key, otherwise, &value));
    *out = (u32)value;
    return SUCCESS;
}

/* The session */

API nvmlInitWithFlags(u32 flags) {
    u64 unused;
    (void)flags;
    TRY(scenario_number(MACHINE, "driver", "0", &unused));
    TRY(scenario_number(MACHINE, "init", "0", &unused));
    users++;
    return SUCCESS;
}
API nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
API nvmlInit(void) { return nvmlInitWithFlags(0); }
API nvmlShutdown(void) {
    if (!users)
        return UNINITIALIZED;
    users--;
    return SUCCESS;
}

__attribute__((visibility("default"))) const char *nvmlErrorString(result_t result) {
    static _Thread_local char message[32];
    snprintf(message, sizeof message, "Simulated error %d", result);
    return message;
}

API nvmlSystemGetDriverVersion(char *out, u32 size) {
    TRY(enter_machine(__func__));
    return text(MACHINE, "driver_version", "580.95.05", out, size);
}
API nvmlSystemGetNVMLVersion(char *out, u32 size) {
    TRY(enter_machine(__func__));
    return text(MACHINE, "nvml_version", "13.580.95.05", out, size);
}
API nvmlSystemGetCudaDriverVersion(int *out) {
    TRY(enter_machine(__func__));
    return number_u32(MACHINE, "cuda_version", "13000", (u32 *)out);
}
API nvmlSystemGetCudaDriverVersion_v2(int *out) { return nvmlSystemGetCudaDriverVersion(out); }

/* `process_names = 4711:/usr/bin/python3 4712:trainer` */
API nvmlSystemGetProcessName(u32 pid, char *out, u32 size) {
    char names[1024], *rest = names, *entry;
    TRY(enter_machine(__func__));
    TRY(scenario_text(MACHINE, "process_names", "", names, sizeof names));
    while ((entry = strtok_r(rest, " ", &rest))) {
        char *name;
        if (strtoul(entry, &name, 10) == pid && *name == ':')
            return copy_text(name + 1, out, size);
    }
    return NOT_FOUND;
}

/* Devices */

API nvmlDeviceGetCount_v2(u32 *out) {
    TRY(enter_machine(__func__));
    return number_u32(MACHINE, "devices", "1", out);
}
API nvmlDeviceGetCount(u32 *out) { return nvmlDeviceGetCount_v2(out); }

API nvmlDeviceGetHandleByIndex_v2(u32 index, device_t *out) {
    ENTER(device_at((int)index));
    *out = device_at((int)index);
    return SUCCESS;
}
API nvmlDeviceGetHandleByIndex(u32 index, device_t *out) { return nvmlDeviceGetHandleByIndex_v2(index, out); }

static result_t uuid_of(int index, char *out, u32 size) {
    char made[64];
    snprintf(made, sizeof made, "GPU-51a1a7ed-0000-4000-8000-%012d", index);
    return text(index, "uuid", made, out, size);
}
API nvmlDeviceGetUUID(device_t device, char *out, u32 size) {
    ENTER(device);
    return uuid_of(index_of(device), out, size);
}
API nvmlDeviceGetHandleByUUID(const char *uuid, device_t *out) {
    char candidate[96];
    TRY(enter_machine(__func__));
    for (int i = 0; i < device_count(); i++)
        if (!uuid_of(i, candidate, sizeof candidate) && !strcmp(candidate, uuid))
            return nvmlDeviceGetHandleByIndex_v2((u32)i, out);
    return NOT_FOUND;
}

static void fill_pci(int index, pci_t *out) {
    *out = (pci_t){.bus = 0x18u + (u32)index, .device_id = 0x268410deu};
    snprintf(out->legacy_id, sizeof out->legacy_id, "0000:%02X:00.0", out->bus & 0xffu);
    snprintf(out->id, sizeof out->id, "00000000:%02X:00.0", out->bus & 0xffu);
}
API nvmlDeviceGetPciInfo_v3(device_t device, pci_t *out) {
    ENTER(device);
    fill_pci(index_of(device), out);
    return SUCCESS;
}
API nvmlDeviceGetPciInfo_v2(device_t device, pci_t *out) { return nvmlDeviceGetPciInfo_v3(device, out); }
API nvmlDeviceGetPciInfo(device_t device, pci_t *out) { return nvmlDeviceGetPciInfo_v3(device, out); }
API nvmlDeviceGetHandleByPciBusId_v2(const char *id, device_t *out) {
    pci_t pci;
    TRY(enter_machine(__func__));
    for (int i = 0; i < device_count(); i++) {
        fill_pci(i, &pci);
        if (!strcmp(pci.id, id) || !strcmp(pci.legacy_id, id))
            return nvmlDeviceGetHandleByIndex_v2((u32)i, out);
    }
    return NOT_FOUND;
}

API nvmlDeviceGetIndex(device_t device, u32 *out) {
    ENTER(device);
    *out = (u32)index_of(device);
    return SUCCESS;
}
API nvmlDeviceGetMinorNumber(device_t device, u32 *out) { return nvmlDeviceGetIndex(device, out); }
API nvmlDeviceGetName(device_t device, char *out, u32 size) {
    ENTER(device);
    return text(index_of(device), "name", "NVIDIA GeForce RTX 4090", out, size);
}
API nvmlDeviceGetSerial(device_t device, char *out, u32 size) {
    ENTER(device);
    return text(index_of(device), "serial", "!3", out, size);
}
API nvmlDeviceGetCudaComputeCapability(device_t device, int *major, int *minor) {
    ENTER(device);
    *major = 8;
    *minor = 9;
    return SUCCESS;
}
