"""Whether a device will run out of memory, and what holds it."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import common
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Panel

from exporter import catalog
from grafana.panels import GREEN, RED, YELLOW, Query, dashed, lines, runbooks, steps
from grafana.promql import device, of_devices, of_runs

TITLE: Final = "GPU memory"
FREE, TOTAL = catalog.GPU_MEMORY_FREE.name, catalog.GPU_MEMORY_TOTAL.name


def panels() -> list[Builder[Panel]]:
    """In reading order; widths fill lines of 24."""
    return [*_device(), *_holders()]


def _device() -> list[Builder[Panel]]:
    left = f"max by (uuid) ({FREE} / -(deriv({FREE}[15m]) < 0))"
    return [
        lines(
            "Memory of the devices",
            "In use now, highest in the last minute, reserved by the driver, and all there is (dashed). Devices that a "
            "selected run uses, and those that no run uses.",
            units.BytesIEC,
            Query(device(catalog.GPU_MEMORY_USED), "{{instance}} GPU {{gpu}} used"),
            Query(device(catalog.GPU_MEMORY_USED_PEAK), "{{instance}} GPU {{gpu}} peak"),
            Query(device(catalog.GPU_MEMORY_RESERVED), "{{instance}} GPU {{gpu}} reserved"),
            Query(device(catalog.GPU_MEMORY_TOTAL), "{{instance}} GPU {{gpu}} total"),
        )
        .override_by_query("D", dashed())
        .min(0)
        .links(runbooks("GpuMemoryGrowing", "GpuOutOfMemory"))
        .span(12),
        lines(
            "Share in use",
            "1 - free/total, which counts what the driver reserves. A framework that takes all memory at its start is "
            "high and flat; what matters is high and moving.",
            units.PercentUnit,
            Query(of_devices(f"max by (uuid) (1 - {FREE} / {TOTAL})"), "{{instance}} GPU {{gpu}}"),
        )
        .min(0)
        .max(1)
        .thresholds(steps(GREEN, (0.90, YELLOW), (0.95, RED)))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(options.GraphTresholdsStyleMode.DASHED))
        .links(runbooks("GpuMemoryNearLimit", "GpuMemoryCritical", "GpuMemoryUnderused"))
        .span(6),
        lines(
            "Time until full",
            "Free memory by how fast it shrank in the last quarter of an hour; nothing where it does not shrink. "
            "Logarithmic.",
            units.Seconds,
            Query(of_devices(left), "{{instance}} GPU {{gpu}}"),
        )
        .scale_distribution(common.ScaleDistributionConfig().type(options.ScaleDistribution.LOG).log(10))
        .links(runbooks("GpuMemoryWillRunOut"))
        .span(6),
    ]


def _holders() -> list[Builder[Panel]]:
    return [
        lines(
            "Memory by program",
            "What the processes of each program hold, as the driver reports it.",
            units.BytesIEC,
            Query(device(catalog.GPU_PROCESS_MEMORY, "process"), "{{instance}} GPU {{gpu}} {{process}}"),
        )
        .fill_opacity(25)
        .stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
        .min(0)
        .links(runbooks("GpuMemoryHeldByIdleProcess"))
        .span(12),
        lines(
            "Peak that the framework logs",
            "The peak of what the framework allocated on one device; the driver sees more: caches and its own context.",
            units.BytesIEC,
            Query(of_runs(catalog.GPU_MEMORY_PEAK), "{{run}}"),
        )
        .min(0)
        .span(12),
    ]
