"""How the selected runs progress, and what they log."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Panel

from exporter import catalog
from exporter.model import RunStatus
from grafana.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    YELLOW,
    Query,
    bars,
    bold,
    dashed,
    lines,
    names,
    number,
    runbooks,
    steps,
)
from grafana.promql import PER_CLASS, of_runs

TITLE: Final = "Training"
COLORS: Final = {
    RunStatus.RUNNING: GREEN,
    RunStatus.FINISHED: BLUE,
    RunStatus.FAILED: RED,
    RunStatus.UNKNOWN: GREY,
}


def panels() -> list[Builder[Panel]]:
    """In reading order; widths fill lines of 24."""
    return [*_present(), *_curves(), *_speed(), *_details()]


def _present() -> list[Builder[Panel]]:
    return [
        bars(
            "Progress",
            "Share of the planned length that is done, by the plan or else by the logged time left.",
            units.PercentUnit,
            Query(of_runs(catalog.PROGRESS), "{{run}}"),
        )
        .thresholds(steps(BLUE))
        .height(5)
        .span(6),
        _state(),
        number(
            "Iteration", "Last logged iteration.", units.LocaleFormat, Query(of_runs(catalog.ITERATION), "{{run}}")
        ).span(3),
        number(
            "Time left",
            "Remaining time, as logged or else from the plan.",
            units.Seconds,
            Query(of_runs(catalog.ETA_SECONDS), "{{run}}"),
        ).span(4),
        number(
            "Loss now",
            "Smoothed total loss. At most 2.0 is a generic model, at most 1.0 a specialised one, at most 0.5 a "
            "fine-tuned one, ready to test.",
            units.Short,
            Query(of_runs(catalog.LOSS_SMOOTHED), "{{run}} {{split}}"),
        )
        .thresholds(steps(GREEN, (0.5, BLUE), (1.0, YELLOW), (2.0, ORANGE)))
        .decimals(3)
        .span(3),
        number(
            "Restarts",
            "New starts after the first, and steps back of the iteration.",
            units.LocaleFormat,
            Query(of_runs(catalog.RESTARTS_TOTAL), "{{run}}"),
        )
        .thresholds(steps(GREEN, (1, YELLOW)))
        .span(2),
        number(
            "Errors",
            "Errors in the log so far: out of memory, NCCL, CUDA, tracebacks, interruptions, kills.",
            units.LocaleFormat,
            Query(f"sum by (job, instance, run) ({of_runs(catalog.ERRORS_TOTAL)})", "{{run}}"),
        )
        .thresholds(steps(GREEN, (1, RED)))
        .links(runbooks("TrainingFailed"))
        .span(2),
    ]


def _state() -> Builder[Panel]:
    """One number for each state, so that a colour and a word can stand for it."""
    codes = tuple(enumerate(RunStatus, start=1))
    states = [f"{code} * " + of_runs(catalog.RUN_STATE, f'state="{status.value}"') for code, status in codes]
    present = "\nor\n".join(states)
    return (
        number(
            "State",
            "What the run does. Unknown: no end mark in its log, and silent for longer than it ever was.",
            units.NoUnit,
            Query(f"sum by (job, instance, run) (\n{present}\n)", "{{run}}"),
        )
        .mappings(names(*((code, status.value, COLORS[status]) for code, status in codes)))
        .text_mode(options.BigValueTextMode.VALUE_AND_NAME)
        .links(runbooks("TrainingHung", "TrainingFailed", "TrainingFinished"))
        .span(4)
    )


def _curves() -> list[Builder[Panel]]:
    return [
        lines(
            "Loss",
            "Total loss as logged, smoothed (bold), and the lowest level it has held (dashed). A gap is a loss that "
            "was not a number.",
            units.Short,
            Query(of_runs(catalog.LOSS, 'component="total"'), "{{run}} {{split}}"),
            Query(of_runs(catalog.LOSS_SMOOTHED), "{{run}} {{split}}, smoothed"),
            Query(of_runs(catalog.LOSS_BASELINE), "{{run}} {{split}}, baseline"),
        )
        .override_by_query("B", bold())
        .override_by_query("C", dashed())
        .links(runbooks("TrainingLossNotFinite", "TrainingLossSpike", "TrainingLossOscillating"))
        .span(12),
        lines(
            "Scores",
            "Evaluation scores, higher is better. An mAP of about 90% is good, well above it suspect of over-fitting.",
            units.PercentUnit,
            Query(of_runs(catalog.SCORE, f'metric!~"{PER_CLASS}"'), "{{run}} {{split}} {{metric}}"),
        )
        .links(runbooks("TrainingTargetReached"))
        .span(12),
    ]


def _speed() -> list[Builder[Panel]]:
    return [
        lines(
            "Loss by component",
            "The parts of the loss, as logged.",
            units.Short,
            Query(of_runs(catalog.LOSS, 'component!="total"'), "{{run}} {{split}} {{component}}"),
        ).span(8),
        lines(
            "Learning rate",
            "As logged, by parameter group.",
            units.ScientificNotation,
            Query(of_runs(catalog.LEARNING_RATE), "{{run}} {{group}}"),
        ).span(8),
        lines(
            "Time of an iteration",
            "As logged, and how much of it was waiting for data (dashed).",
            units.Seconds,
            Query(of_runs(catalog.ITERATION_SECONDS), "{{run}}"),
            Query(of_runs(catalog.DATA_SECONDS), "{{run}}, waiting for data"),
        )
        .override_by_query("B", dashed()[:1])
        .min(0)
        .links(runbooks("TrainingSlowedDown", "TrainingWaitsForData"))
        .span(8),
    ]


def _details() -> list[Builder[Panel]]:
    single = of_runs(catalog.SCORE, f'metric=~"{PER_CLASS}"')
    return [
        lines(
            "Speed",
            "Iterations done per second, restarts included; samples and tokens where they are logged.",
            units.CountsPerSecond,
            Query(f"rate({of_runs(catalog.ITERATIONS_TOTAL)}[$__rate_interval])", "{{run}} iterations"),
            Query(of_runs(catalog.SAMPLES_PER_SECOND), "{{run}} samples"),
            Query(of_runs(catalog.TOKENS_PER_SECOND), "{{run}} tokens"),
        ).span(6),
        lines(
            "Gradient norm and loss scale",
            "Where they are logged; the loss scale of mixed-precision training on the right.",
            units.Short,
            Query(of_runs(catalog.GRADIENT_NORM), "{{run}} gradient norm"),
            Query(of_runs(catalog.LOSS_SCALE), "{{run}} loss scale"),
        )
        .override_by_query("B", [DynamicConfigValue(id_val="custom.axisPlacement", value="right")])
        .span(6),
        lines(
            "Errors, losses that were no number, restarts",
            "Counts so far, by kind of error and component of the loss.",
            units.LocaleFormat,
            Query(f"{of_runs(catalog.ERRORS_TOTAL)} > 0", "{{run}} {{kind}}"),
            Query(f"{of_runs(catalog.NONFINITE_TOTAL)} > 0", "{{run}} {{component}} not finite"),
            Query(of_runs(catalog.RESTARTS_TOTAL), "{{run}} restarts"),
        )
        .line_interpolation(options.LineInterpolation.STEP_AFTER)
        .decimals(0)
        .min(0)
        .links(runbooks("TrainingFailed", "TrainingLossNotFinite"))
        .span(6),
        bars(
            "Weakest classes",
            "The twenty lowest scores of single classes in the last evaluation.",
            units.PercentUnit,
            Query(f"bottomk(20, {single})", "{{run}} {{metric}}"),
        )
        .thresholds(steps(RED, (0.25, ORANGE), (0.5, GREEN)))
        .span(6),
    ]
