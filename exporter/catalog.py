"""Every metric once: name, type, labels, help. The names are frozen from the first release.

A metric is a row here and a yield in a collector; `docs/METRICS.md` is generated from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

RUN: Final = ("run",)
SPLIT: Final = ("run", "split")
DEVICE: Final = ("gpu", "uuid")


class Kind(Enum):
    """The Prometheus type of a metric."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"
    """A gauge that is always 1; its labels carry the content."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


def _gauge(name: str, labels: tuple[str, ...], help_: str) -> Metric:
    return Metric(name, Kind.GAUGE, help_, labels)


def _counter(name: str, labels: tuple[str, ...], help_: str) -> Metric:
    return Metric(name, Kind.COUNTER, help_, labels)


def _info(name: str, labels: tuple[str, ...], help_: str) -> Metric:
    return Metric(name, Kind.INFO, help_, labels)


# What a run is.
RUN_INFO = _info(
    "training_run_info", ("run", "format", "path"), "The run's log format and path, and the user's own labels."
)
RUN_STATE = _gauge(
    "training_run_state",
    ("run", "state"),
    "1 for the present state (running, finished, failed, unknown), 0 for the others.",
)
RUN_GPU = _gauge("training_run_gpu", ("run", "uuid"), "1 where the run uses the device.")
ITERATION = _gauge("training_iteration", RUN, "Last logged iteration.")
ITERATIONS_PLANNED = _gauge("training_iterations_planned", RUN, "Iterations the run is planned to take.")
EPOCH = _gauge("training_epoch", RUN, "Last logged epoch.")
EPOCHS_PLANNED = _gauge("training_epochs_planned", RUN, "Epochs the run is planned to take.")
PROGRESS = _gauge(
    "training_progress_ratio", RUN, "Share of the planned length that is done, 0 to 1, by plan or else by ETA."
)
ITERATIONS_TOTAL = _counter("training_iterations_total", RUN, "Iterations done; survives a resume that steps back.")
RESTARTS_TOTAL = _counter("training_restarts_total", RUN, "New starts and steps back of the iteration.")

# What a run logs.
LOSS = _gauge("training_loss", ("run", "split", "component"), "Loss as logged; NaN and Inf as logged.")
LEARNING_RATE = _gauge("training_learning_rate", ("run", "group"), "Learning rate of a parameter group.")
ITERATION_SECONDS = _gauge("training_iteration_seconds", RUN, "Time of one iteration, as logged.")
DATA_SECONDS = _gauge("training_data_seconds", RUN, "Time of one iteration spent waiting for data, as logged.")
ETA_SECONDS = _gauge("training_eta_seconds", RUN, "Remaining time, as logged or else from the plan.")
GPU_MEMORY_PEAK = _gauge(
    "training_gpu_memory_peak_bytes", RUN, "Peak of the memory that the framework allocated, as it logs it."
)
SCORE = _gauge("training_score_ratio", ("run", "split", "metric"), "Evaluation score, 0 to 1, higher is better.")
GRADIENT_NORM = _gauge("training_gradient_norm", RUN, "Gradient norm, as logged.")
LOSS_SCALE = _gauge("training_loss_scale", RUN, "Loss scale of mixed-precision training, as logged.")
SAMPLES_PER_SECOND = _gauge("training_samples_per_second", RUN, "Samples per second, as logged.")
TOKENS_PER_SECOND = _gauge("training_tokens_per_second", RUN, "Tokens per second, as logged.")
MFU = _gauge("training_mfu_ratio", RUN, "Model FLOPs utilisation, 0 to 1, as logged.")
SCALAR = _gauge("training_scalar", ("run", "name"), "Any other logged number.")

# When.
START = _gauge("training_start_timestamp_seconds", RUN, "Time of the run's first line.")
END = _gauge("training_end_timestamp_seconds", RUN, "Time at which the run finished or failed.")
LAST_FAILURE = _gauge(
    "training_last_failure_timestamp_seconds",
    RUN,
    "Time of the last failure, also after a new start; absent while it is in doubt.",
)
LAST_FINISH = _gauge(
    "training_last_finish_timestamp_seconds", RUN, "Time of the last planned end, also after a new start."
)
LAST_PROGRESS = _gauge("training_last_progress_timestamp_seconds", RUN, "Time at which the iteration last advanced.")
LAST_OUTPUT = _gauge("training_last_output_timestamp_seconds", RUN, "Time of the last byte written.")
SILENCE_LIMIT = _gauge(
    "training_silence_limit_seconds",
    RUN,
    "Silence beyond which the run counts as hung: twice its longest so far, at least half an hour, "
    "ten minutes after two hours of history.",
)
ACTIVE_SECONDS = _counter(
    "training_active_seconds_total", RUN, "Time the run was active; downtime between restarts excluded."
)
GPU_SECONDS = _counter(
    "training_gpu_seconds_total", RUN, "Device time the run used: active time on each of its devices."
)
ENERGY = _counter("training_energy_joules_total", RUN, "Energy that the run's devices used while it was active.")
COST = _counter("training_cost_total", RUN, "Cost of the device time, in the configured currency per GPU hour.")

# What went wrong.
NONFINITE_TOTAL = _counter("training_nonfinite_total", ("run", "component"), "Logged losses that were NaN or Inf.")
LAST_NONFINITE = _gauge(
    "training_last_nonfinite_timestamp_seconds", ("run", "component"), "Time of the last loss that was NaN or Inf."
)
ERRORS_TOTAL = _counter("training_errors_total", ("run", "kind"), "Errors in the log, by kind.")
LAST_ERROR = _gauge("training_last_error_timestamp_seconds", ("run", "kind"), "Time of the last error of a kind.")

# The statistics behind the advice: finite always, over the total loss, in the loss's own unit unless said.
LOSS_SMOOTHED = _gauge("training_loss_smoothed", SPLIT, "Exponentially smoothed total loss.")
LOSS_NOISE = _gauge("training_loss_noise", SPLIT, "Standard deviation of the total loss around the smoothed one.")
LOSS_OBSERVATIONS = _gauge("training_loss_observations", SPLIT, "Logged losses since the last restart.")
LOSS_NONFINITE = _gauge(
    "training_loss_nonfinite_observations", SPLIT, "Total losses that were NaN or Inf since the last finite one."
)
LOSS_TREND_Z = _gauge(
    "training_loss_trend_z",
    SPLIT,
    "Mann-Kendall z of the recent losses: below -2 falling, above 2 rising beyond the noise.",
)
LOSS_LONG_TREND_Z = _gauge(
    "training_loss_long_trend_z",
    SPLIT,
    "Mann-Kendall z of the losses of the second half of the run so far; for validation losses, which are few.",
)
LOSS_BASELINE = _gauge("training_loss_baseline", SPLIT, "Lowest median of recent losses in control.")
LOSS_OUT_OF_CONTROL = _gauge(
    "training_loss_out_of_control_observations",
    SPLIT,
    "Losses since it rose more than four deviations above the baseline, until three in a row are below; 0 in control.",
)
LOSS_EXCESS_PERSISTENCE = _gauge(
    "training_loss_excess_persistence_ratio",
    SPLIT,
    "How much of its peak the excess over the baseline still has, 0 to 1: near 1 not recovering, 0 in control.",
)
LOSS_RANGE = _gauge(
    "training_loss_range", SPLIT, "How far the smoothed loss has fallen since the first tenth of the run."
)
EXPECTED_GAIN = _gauge("training_expected_gain", SPLIT, "Optimistic further fall of the loss until the planned end.")
BEST = _gauge(
    "training_best", ("run", "split", "metric"), "Best so far since the last restart: lowest loss, highest score."
)
BEST_ITERATION = _gauge("training_best_iteration", ("run", "split", "metric"), "Iteration of the best so far.")
EVALUATIONS_SINCE_BEST = _gauge(
    "training_evaluations_since_best", ("run", "split", "metric"), "Evaluations since the best so far."
)

# What the user set.
TARGET = _gauge(
    "training_target", ("run", "split", "metric"), "The user's target, in the metric's unit; metric total is the loss."
)
BUDGET_SECONDS = _gauge("training_budget_seconds", RUN, "The user's budget of active time.")
BUDGET_GPU_SECONDS = _gauge("training_budget_gpu_seconds", RUN, "The user's budget of device time.")
BUDGET_JOULES = _gauge("training_budget_joules", RUN, "The user's budget of energy.")
BUDGET_COST = _gauge("training_budget_cost", RUN, "The user's budget of money.")
THRESHOLD = _gauge("training_threshold", ("run", "name"), "Tunable limit of the advice; docs/ALERTS.md gives units.")

# Devices.
GPU_INFO = _info("gpu_info", ("gpu", "uuid", "name", "driver_version", "pci_bus_id"), "The device.")
GPU_MEMORY_USED = _gauge("gpu_memory_used_bytes", DEVICE, "Memory in use, without the driver's reserve.")
GPU_MEMORY_FREE = _gauge("gpu_memory_free_bytes", DEVICE, "Free memory.")
GPU_MEMORY_TOTAL = _gauge("gpu_memory_total_bytes", DEVICE, "Memory of the device.")
GPU_MEMORY_RESERVED = _gauge("gpu_memory_reserved_bytes", DEVICE, "Memory reserved by the driver and firmware.")
GPU_MEMORY_USED_PEAK = _gauge(
    "gpu_memory_used_peak_bytes", DEVICE, "Highest memory in use seen in the last minute, sampled each second."
)
GPU_PROCESS_MEMORY = _gauge(
    "gpu_process_memory_used_bytes", ("uuid", "process"), "Memory in use by the processes of one program."
)
GPU_UTILIZATION = _gauge("gpu_utilization_ratio", DEVICE, "Share of the last sample period with a kernel running.")
GPU_MEMORY_UTILIZATION = _gauge(
    "gpu_memory_utilization_ratio", DEVICE, "Share of the last sample period with memory being read or written."
)
GPU_TEMPERATURE = _gauge("gpu_temperature_celsius", DEVICE, "Temperature of the device.")
GPU_POWER = _gauge("gpu_power_watts", DEVICE, "Power draw.")
GPU_POWER_LIMIT = _gauge("gpu_power_limit_watts", DEVICE, "Power limit in force.")
GPU_ENERGY = _counter("gpu_energy_joules_total", DEVICE, "Energy since the driver was loaded.")
GPU_CLOCK = _gauge("gpu_clock_hertz", (*DEVICE, "clock"), "Clock frequency.")
GPU_CLOCKS_EVENT = _gauge(
    "gpu_clocks_event_active", (*DEVICE, "reason"), "1 while the clocks are held down for this reason."
)
GPU_ECC_ERRORS = _counter(
    "gpu_ecc_errors_total",
    (*DEVICE, "type", "lifetime"),
    "ECC errors by type (corrected, uncorrected) and lifetime.",
)
GPU_XID_ERRORS = _counter("gpu_xid_errors_total", (*DEVICE, "xid"), "Xid events seen since this program started.")
GPU_LAST_XID = _gauge("gpu_last_xid_timestamp_seconds", DEVICE, "Time of the last Xid event.")
GPU_LOST = _gauge("gpu_lost", DEVICE, "1 while the driver knows the device but it does not answer.")

# This program.
BUILD_INFO = _info("training_exporter_build_info", ("version", "python_version"), "This program.")
WEB_INFO = _info("training_exporter_web_info", ("external_url",), "Where the status page is, for the links in alerts.")
LOG_LINES = _counter("training_exporter_log_lines_total", ("run", "result"), "Lines read: parsed, ignored or unparsed.")
VALUES_DROPPED = _counter(
    "training_exporter_values_dropped_total", RUN, "Logged values of columns beyond the first 2,000 of a log."
)
LOG_BYTES = _counter("training_exporter_log_bytes_total", RUN, "Bytes read.")
LOG_LAG = _gauge("training_exporter_log_lag_bytes", RUN, "Bytes written but not read yet.")
LOG_ROTATIONS = _counter(
    "training_exporter_log_rotations_total", RUN, "Times the log was rotated, truncated or made again."
)
LOG_READABLE = _gauge("training_exporter_log_readable", ("run", "path"), "1 while the log can be read, else 0.")
COLLECTOR_SUCCESS = _gauge("training_exporter_collector_success", ("collector",), "1 if the last collection worked.")
COLLECTOR_DURATION = _gauge(
    "training_exporter_collector_duration_seconds", ("collector",), "Time of the last collection."
)
RULE_EVALUATIONS = _counter("training_exporter_rule_evaluations_total", ("group",), "Evaluations of a rule group.")
RULE_FAILURES = _counter(
    "training_exporter_rule_evaluation_failures_total", ("group",), "Rule evaluations that failed."
)
NOTIFICATIONS = _counter(
    "training_exporter_notifications_total", ("receiver", "result"), "Notifications: delivered, retried or rejected."
)
NOTIFICATION_QUEUE = _gauge(
    "training_exporter_notification_queue_length", ("receiver",), "Notifications that wait for delivery."
)
LAST_NOTIFICATION_FAILURE = _gauge(
    "training_exporter_last_notification_failure_timestamp_seconds",
    ("receiver",),
    "Time of the last delivery that failed; absent before the first.",
)

METRICS: Final[tuple[Metric, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order of this file."""
