"""Writes docs/METRICS.md from the catalogue."""

from __future__ import annotations

from pathlib import Path

from exporter.catalog import METRICS, Metric

_HEAD = """# Metrics

Generated from `exporter/catalog.py` by `make docs`. Names, types and labels are frozen from the first release.
A value that is not known has no sample: never 0, never the last good value. Units are base units: seconds, bytes,
ratios from 0 to 1, Celsius, watts, joules, hertz.

Join run series on `(job, instance, run)`; aggregate device series by `uuid` first, for two exporters may see one
device, then join them to runs by `training_run_gpu`.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def metrics_page() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_row, METRICS))


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.help} |\n"


if __name__ == "__main__":
    (Path(__file__).parent / "METRICS.md").write_text(metrics_page(), encoding="utf-8")
