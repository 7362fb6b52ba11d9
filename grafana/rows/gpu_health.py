"""Whether the devices are well, and used."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Panel

from exporter import catalog
from grafana.panels import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    Query,
    dashed,
    lines,
    names,
    number,
    rows_of,
    runbooks,
    timeline,
)
from grafana.promql import device, of_devices, of_instances, of_runs

TITLE: Final = "GPU health"
GPU: Final = "{{instance}} GPU {{gpu}}"


def panels() -> list[Builder[Panel]]:
    """In reading order; widths fill lines of 24."""
    return [*_load(), *_clocks(), *_faults(), _devices()]


def _load() -> list[Builder[Panel]]:
    return [
        lines(
            "Utilisation",
            "Share of the time with a kernel running, and with memory being read or written; model FLOPs utilisation "
            "(MFU) where it is logged.",
            units.PercentUnit,
            Query(device(catalog.GPU_UTILIZATION), GPU),
            Query(device(catalog.GPU_MEMORY_UTILIZATION), f"{GPU} memory"),
            Query(of_runs(catalog.MFU), "{{run}} MFU"),
        )
        .min(0)
        .max(1)
        .links(runbooks("GpuIdleDuringTraining", "GpuImbalance"))
        .span(8),
        lines("Temperature", "Of the device.", units.Celsius, Query(device(catalog.GPU_TEMPERATURE), GPU))
        .links(runbooks("GpuThermalSlowdown"))
        .span(8),
        lines(
            "Power",
            "Draw, and the limit in force (dashed).",
            units.Watt,
            Query(device(catalog.GPU_POWER), GPU),
            Query(device(catalog.GPU_POWER_LIMIT), f"{GPU} limit"),
        )
        .override_by_query("B", dashed())
        .min(0)
        .links(runbooks("GpuPowerBrake"))
        .span(8),
    ]


def _clocks() -> list[Builder[Panel]]:
    ever = f"max by (uuid, reason) (max_over_time({catalog.GPU_CLOCKS_EVENT.name}[$__range])) == 1"
    active = f"(max by (uuid, reason) ({catalog.GPU_CLOCKS_EVENT.name}) and {ever})"
    return [
        lines(
            "Clocks",
            "Frequency of each clock.",
            units.Hertz,
            Query(device(catalog.GPU_CLOCK, "clock"), f"{GPU} {{{{clock}}}}"),
        )
        .min(0)
        .span(8),
        timeline(
            "Why clocks are held down",
            "Reasons that held at some time in the range, in the words of NVML. gpu_idle and sw_power_cap are common; "
            "a thermal slowdown or a power brake is not.",
            units.NoUnit,
            Query(of_devices(active), f"{GPU} {{{{reason}}}}"),
        )
        .mappings(names((0, "no", GREY), (1, "held down", ORANGE)))
        .links(runbooks("GpuThermalSlowdown", "GpuPowerBrake"))
        .span(8),
        number(
            "Lost",
            "Whether the driver knows the device but gets no answer from it.",
            units.NoUnit,
            Query(f"max by (instance, gpu) ({of_instances(catalog.GPU_LOST)})", GPU),
        )
        .mappings(names((0, "answers", GREEN), (1, "lost", RED)))
        .height(8)
        .links(runbooks("GpuLost", "GpuMetricsAbsent"))
        .span(8),
    ]


def _faults() -> list[Builder[Panel]]:
    return [
        lines(
            "ECC errors",
            "Since the driver was loaded (volatile) and over the life of the device (aggregate). Corrected ones are "
            "harmless while they are few; after an uncorrected one the results are wrong.",
            units.LocaleFormat,
            Query(device(catalog.GPU_ECC_ERRORS, "type", "lifetime"), f"{GPU} {{{{type}}}}, {{{{lifetime}}}}"),
        )
        .line_interpolation(options.LineInterpolation.STEP_AFTER)
        .decimals(0)
        .min(0)
        .links(runbooks("GpuEccUncorrected"))
        .span(12),
        lines(
            "Xid events",
            "Faults that the driver reported since this program started, by their number.",
            units.LocaleFormat,
            Query(device(catalog.GPU_XID_ERRORS, "xid"), f"{GPU} Xid {{{{xid}}}}"),
        )
        .line_interpolation(options.LineInterpolation.STEP_AFTER)
        .decimals(0)
        .min(0)
        .links(runbooks("GpuXidError"))
        .span(12),
    ]


def _devices() -> Builder[Panel]:
    who = "uuid, gpu, name, driver_version"
    info = f"topk by (uuid) (1, max by ({who}) ({catalog.GPU_INFO.name}))"
    used = f"max by (run, instance, uuid) ({of_runs(catalog.RUN_GPU)})"
    columns = {
        "run": "run",
        "instance": "instance",
        "gpu": "GPU",
        "name": "name",
        "driver_version": "driver",
        "uuid": "UUID",
    }
    return rows_of(
        "Devices of the runs",
        "Which run uses which device.",
        units.NoUnit,
        columns,
        Query(f"{used}\n* on (uuid) group_left (gpu, name, driver_version)\n{info}", "{{run}} {{uuid}}"),
    ).span(24)
