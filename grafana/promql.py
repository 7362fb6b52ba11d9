"""Turns metrics of the catalogue into PromQL that is limited to what the dashboard's variables select.

Run series join on `(job, instance, run)`. Two exporters may see one device, so its series become one by
`uuid` first and are then joined to the runs that use it.
"""

from __future__ import annotations

from typing import Final

from exporter import catalog
from exporter.catalog import Metric

INSTANCES: Final = 'job=~"$job",instance=~"$instance"'
RUNS: Final = f'{INSTANCES},run=~"$run"'
BY_RUN: Final = "on (job, instance, run)"

DEVICES: Final = f"""
topk by (uuid) (1,
  max by (uuid, instance, gpu) (
    {catalog.GPU_INFO.name} and on (uuid) {catalog.RUN_GPU.name}{{{RUNS}}} == 1
    or
    {catalog.GPU_INFO.name}{{{INSTANCES}}} unless on (uuid) {catalog.RUN_GPU.name} == 1
  )
)""".strip()
"""1 for each device that a selected run uses or that no run uses, with the labels of one exporter that sees it."""

FIRING: Final = f'ALERTS{{alertstate="firing",{INSTANCES},run=~"$run|"}}'
"""Alerts of the selected runs, and of the selected exporters about none."""

PER_CLASS: Final = "AP/.+|.+/.+-.+"
"""Scores of one class: Darknet's `AP/person`, Detectron2's `bbox/AP-person` and `sem_seg/IoU-road`."""


def of_runs(metric: Metric, matchers: str = "") -> str:
    """The series of the selected runs: `training_loss{job=~"$job",instance=~"$instance",run=~"$run",split="val"}`."""
    return _selector(metric, RUNS, matchers)


def of_instances(metric: Metric, matchers: str = "") -> str:
    """The series of the selected exporters, whatever the run."""
    return _selector(metric, INSTANCES, matchers)


def of_devices(per_uuid: str) -> str:
    """A vector with the label `uuid`, for the selected devices, with the labels `instance` and `gpu` to name them."""
    return f"{per_uuid}\n* on (uuid) group_left (instance, gpu)\n{DEVICES}"


def device(metric: Metric, *labels: str, matchers: str = "") -> str:
    """A device metric, one series per device and value of the further labels, for the selected devices."""
    by = ", ".join(("uuid", *labels))
    return of_devices(f"max by ({by}) ({_selector(metric, matchers)})")


def limit(name: str) -> str:
    """A tunable limit of the advice, of each selected run."""
    return of_runs(catalog.THRESHOLD, f'name="{name}"')


def _selector(metric: Metric, *matchers: str) -> str:
    chosen = ",".join(filter(None, matchers))
    return f"{metric.name}{{{chosen}}}" if chosen else metric.name
