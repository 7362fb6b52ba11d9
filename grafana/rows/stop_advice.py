"""Whether a run should be stopped: what the advice says, and the figures that it goes by."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import common
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Panel

from exporter import catalog
from exporter.catalog import Metric
from grafana.panels import (
    BLUE,
    DOCS,
    GREEN,
    RED,
    YELLOW,
    Query,
    bars,
    dashed,
    lines,
    number,
    rows_of,
    runbooks,
    steps,
    with_unit,
)
from grafana.promql import BY_RUN, FIRING, PER_CLASS, limit, of_runs

TITLE: Final = "Stop advice"
SPENT: Final = (
    ("time", catalog.ACTIVE_SECONDS, catalog.BUDGET_SECONDS),
    ("GPU time", catalog.GPU_SECONDS, catalog.BUDGET_GPU_SECONDS),
    ("energy", catalog.ENERGY, catalog.BUDGET_JOULES),
    ("cost", catalog.COST, catalog.BUDGET_COST),
)
"""Each budget, what counts against it, and the user's limit."""


def panels() -> list[Builder[Panel]]:
    """In reading order; widths fill lines of 24."""
    return [
        _alerts(),
        *_goals(),
        *_trends(),
        *_control(),
        _bests(),
        *_ends(),
    ]


def _alerts() -> Builder[Panel]:
    columns = {"severity": "severity", "alertname": "alert", "run": "run", "instance": "instance", "action": "action"}
    runbook = {"title": "What to do", "url": f"{DOCS}/runbooks/${{__value.raw}}.md", "targetBlank": True}
    return (
        rows_of(
            "Alerts that fire now",
            "For the selected runs and exporters, by the rules that Prometheus evaluates. Click one for what to do.",
            units.NoUnit,
            columns,
            Query(f"max by (alertname, severity, run, instance, action) ({FIRING})", "{{alertname}}"),
        )
        .override_by_name("alert", [DynamicConfigValue(id_val="links", value=[runbook])])
        .no_value("none")
        .span(12)
    )


def _goals() -> list[Builder[Panel]]:
    best, target = of_runs(catalog.BEST, 'metric!="total"'), catalog.TARGET
    loss, reached = of_runs(catalog.LOSS_SMOOTHED), of_runs(target, 'metric="total"')
    scores = f"{best} / on (job, instance, run, split, metric) {of_runs(target)}"
    losses = f"{reached} / on (job, instance, run, split) group_left () {loss}"
    spent = "\nor\n".join(_share(*budget) for budget in SPENT)
    return [
        bars(
            "Way to the target",
            "Scores: the best so far by the target. Loss: the target by the smoothed loss. Full when reached.",
            units.PercentUnit,
            Query(f"{scores}\nor\n{losses}", "{{run}} {{split}} {{metric}}"),
        )
        .thresholds(steps(BLUE, (1, GREEN)))
        .links(runbooks("TrainingTargetReached", "TrainingCannotReachTarget"))
        .span(6),
        bars(
            "Budgets used",
            "Active time, device time, energy and cost by the user's budget of each.",
            units.PercentUnit,
            Query(spent, "{{run}} {{budget}}"),
        )
        .thresholds(steps(GREEN, (0.8, YELLOW), (1, RED)))
        .links(runbooks("TrainingBudgetExceeded", "TrainingBudgetWillBeExceeded"))
        .span(6),
    ]


def _share(budget: str, spent: Metric, allowed: Metric) -> str:
    share = f"{of_runs(spent)} / {BY_RUN} {of_runs(allowed)}"
    return f'label_replace({share}, "budget", "{budget}", "", "")'


def _trends() -> list[Builder[Panel]]:
    return [
        lines(
            "Trend of the loss",
            "Mann-Kendall z of the recent losses, and of the second half of the run. Between the dashed limits there "
            "is no trend beyond the noise; below them the loss falls, above them it rises.",
            units.Short,
            Query(of_runs(catalog.LOSS_TREND_Z), "{{run}} {{split}}"),
            Query(of_runs(catalog.LOSS_LONG_TREND_Z), "{{run}} {{split}}, second half"),
            Query(f"max({limit('trend_z')})", "rises"),
            Query(f"-max({limit('trend_z')})", "falls"),
        )
        .override_by_query("C", dashed())
        .override_by_query("D", dashed())
        .links(runbooks("TrainingPlateaued", "TrainingOverfitting"))
        .span(6),
        lines(
            "Further gain to expect",
            "By how much the loss may still fall until the planned end, at best, as a share of how far it has fallen "
            "since the start. Below the dashed limit there is hardly anything left to learn. Logarithmic.",
            units.PercentUnit,
            Query(f"{of_runs(catalog.EXPECTED_GAIN)} / {of_runs(catalog.LOSS_RANGE)}", "{{run}} {{split}}"),
            Query(f"max({limit('plateau_gain_ratio')})", "plateau"),
        )
        .scale_distribution(common.ScaleDistributionConfig().type(options.ScaleDistribution.LOG).log(10))
        .override_by_query("B", dashed())
        .links(runbooks("TrainingPlateaued", "TrainingCannotReachTarget"))
        .span(6),
    ]


def _control() -> list[Builder[Panel]]:
    return [
        lines(
            "Loss out of control",
            "Logged losses since it rose far above its baseline, 0 in control; and how much of the peak of the rise is "
            "still there (right). A run diverges where both stay high.",
            units.LocaleFormat,
            Query(of_runs(catalog.LOSS_OUT_OF_CONTROL), "{{run}} {{split}}"),
            Query(of_runs(catalog.LOSS_EXCESS_PERSISTENCE), "{{run}} {{split}}, share of the peak"),
            Query(f"max({limit('diverging_observations')})", "diverging"),
        )
        .override_by_query("B", [*with_unit(units.PercentUnit), *_right()])
        .override_by_query("C", dashed())
        .min(0)
        .links(runbooks("TrainingDiverging", "TrainingLossSpike"))
        .span(6),
        lines(
            "Noise of the loss",
            "Its standard deviation around the smoothed loss, as a share of how far it has fallen since the start. "
            "Above the dashed limit it oscillates.",
            units.PercentUnit,
            Query(f"{of_runs(catalog.LOSS_NOISE)} / {of_runs(catalog.LOSS_RANGE)}", "{{run}} {{split}}"),
            Query(f"max({limit('oscillating_noise_ratio')})", "oscillates"),
        )
        .override_by_query("B", dashed())
        .min(0)
        .links(runbooks("TrainingLossOscillating"))
        .span(6),
    ]


def _right() -> list[DynamicConfigValue]:
    return [
        DynamicConfigValue(id_val="custom.axisPlacement", value="right"),
        DynamicConfigValue(id_val="max", value=1),
    ]


def _bests() -> Builder[Panel]:
    one, by = f'metric!~"{PER_CLASS}"', "max by (run, split, metric)"
    columns = {
        "run": "run",
        "split": "split",
        "metric": "metric",
        "Value #A": "best",
        "Value #B": "at iteration",
        "Value #C": "evaluations since",
        "Value #D": "target",
    }
    return rows_of(
        "Best so far",
        "Lowest loss (metric total) and highest scores since the last restart, when they were, and the user's targets.",
        units.Short,
        columns,
        Query(f"{by} ({of_runs(catalog.BEST, one)})", "best"),
        Query(f"{by} ({of_runs(catalog.BEST_ITERATION, one)})", "at iteration"),
        Query(f"{by} ({of_runs(catalog.EVALUATIONS_SINCE_BEST, one)})", "evaluations since"),
        Query(f"{by} ({of_runs(catalog.TARGET)})", "target"),
    ).span(12)


def _ends() -> list[Builder[Panel]]:
    running = of_runs(catalog.RUN_STATE, 'state="running"')
    silence = f"time() - {of_runs(catalog.LAST_OUTPUT)} and {BY_RUN} {running} == 1"
    return [
        lines(
            "Evaluations since the best",
            "Validation loss and scores. Many without a better one, while the validation loss rises, are over-fitting.",
            units.LocaleFormat,
            Query(
                of_runs(catalog.EVALUATIONS_SINCE_BEST, f'split!="train",metric!~"{PER_CLASS}"'),
                "{{run}} {{split}} {{metric}}",
            ),
            Query(f"max({limit('overfitting_evaluations')})", "over-fitting"),
        )
        .override_by_query("B", dashed())
        .min(0)
        .links(runbooks("TrainingOverfitting"))
        .span(6),
        lines(
            "Silence",
            "Time since a running run last wrote anything, and the silence beyond which it counts as hung (dashed).",
            units.Seconds,
            Query(silence, "{{run}}"),
            Query(of_runs(catalog.SILENCE_LIMIT), "{{run}}, limit"),
        )
        .override_by_query("B", dashed())
        .min(0)
        .links(runbooks("TrainingHung"))
        .span(6),
        number(
            "Spent",
            "Active time (downtime between restarts excluded), device time, energy of its devices, and cost in the "
            "configured currency.",
            units.Seconds,
            Query(of_runs(catalog.ACTIVE_SECONDS), "{{run}} time"),
            Query(of_runs(catalog.GPU_SECONDS), "{{run}} GPU time"),
            Query(f"{of_runs(catalog.ENERGY)} / 3.6e6", "{{run}} energy"),
            Query(of_runs(catalog.COST), "{{run}} cost"),
        )
        .override_by_query("C", with_unit(units.KiloWattHour))
        .override_by_query("D", with_unit(units.LocaleFormat))
        .span(24),
    ]
