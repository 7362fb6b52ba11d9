"""One run on the page: state, progress, curve, figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from ..model import ColumnKey, Quantity, Run, RunState, RunStatus
from ..runs import active_seconds, eta_seconds, progress_ratio, ranked
from . import human
from .curve import loss_curve

TOTAL: Final = ColumnKey(Quantity.LOSS, "train", "total")
_ORDER: Final = tuple(Quantity)
_NAMES: Final = {
    Quantity.ITERATION_SECONDS: "time per iteration",
    Quantity.DATA_SECONDS: "of it waiting for data",
    Quantity.ETA_SECONDS: "ETA",
    Quantity.GPU_MEMORY_PEAK_BYTES: "peak memory of the framework",
    Quantity.MFU_RATIO: "MFU",
}
"""Where the quantity's own name would not do."""
_MORE_FROM: Final = 12
"""Figures that fit a card; the others fold away."""

_CARD: Final = Markup("""
<section class="card" id="run-{name}">
<div class="title"><h3>{name}</h3><span class="pill {state}">{state}</span></div>
<div class="soft">{source}</div>
{progress}
{curve}
<dl class="facts">{facts}</dl>
{more}
</section>
""")
_PROGRESS: Final = Markup("""
<div class="bar" role="progressbar" aria-label="progress" aria-valuemin="0" aria-valuemax="100"
 aria-valuenow="{percent:.0f}"><i style="width:{percent:.2f}%"></i></div>
""")


def run_card(run: Run) -> Markup:
    """The card of one run."""
    state = run.state or RunState()
    facts = list(_facts(run, state))
    return _CARD.format(
        name=run.name,
        state=state.status.value,
        source=f"{run.format or 'format not recognised yet'} · {', '.join(run.paths)}",
        progress=_progress(state),
        curve=_curve(state),
        facts=_list(facts[:_MORE_FROM]),
        more=_more(run.name, facts[_MORE_FROM:]),
    )


def _progress(state: RunState) -> Markup:
    ratio = progress_ratio(state)
    if state.iteration is None:
        return Markup("")
    bar = Markup("") if ratio is None else _PROGRESS.format(percent=100 * ratio)
    planned = "" if state.planned is None else f" of {human.count(state.planned)}"
    return Markup('{}<div class="line"><span>iteration {}{}</span><span>{}</span></div>').format(
        bar, human.count(state.iteration), planned, _remaining(state, ratio)
    )


def _remaining(state: RunState, ratio: float | None) -> str:
    parts = [] if ratio is None else [human.percent(ratio)]
    eta = eta_seconds(state)
    if state.status is RunStatus.RUNNING and eta is not None:
        parts.append(f"{human.duration(eta)} left")
    return " · ".join(parts)


def _curve(state: RunState) -> Markup:
    train = next((losses for losses in state.losses if losses.split == "train"), None)
    return loss_curve([(point.iteration, point.mean) for point in train.curve.points]) if train else Markup("")


def _facts(run: Run, state: RunState) -> Iterator[tuple[str, str]]:
    """The telling figures first: losses, scores of the whole, pace; what concerns one class or layer last."""
    for latest in sorted(state.latest, key=lambda latest: _place(latest.key)):
        yield _label(latest.key), _value(latest.key.quantity, latest.value)
    for best in state.best:
        yield f"best {best.key.name} ({best.key.split})", human.number(best.value)
    for error in state.errors:
        if error.count:
            yield f"errors: {error.kind.value}", human.count(error.count)
    if state.restarts:
        yield "restarts", human.count(state.restarts)
    if run.budget.seconds is not None:
        yield "time budget", f"{human.duration(active_seconds(state))} of {human.duration(run.budget.seconds)}"


def _place(key: ColumnKey) -> tuple[bool, bool, int]:
    whole = ranked(key)
    detail = key.quantity in {Quantity.SCORE, Quantity.SCALAR} and not whole
    return detail, key.name != "total", _ORDER.index(key.quantity)


def _label(key: ColumnKey) -> str:
    if key == TOTAL:
        return "loss"
    named = key.name or _NAMES.get(key.quantity, key.quantity.value.replace("_", " "))
    return f"{named} ({key.split})" if key.split == "val" else named


def _value(quantity: Quantity, value: float) -> str:
    match quantity:
        case Quantity.ITERATION_SECONDS | Quantity.DATA_SECONDS | Quantity.ETA_SECONDS:
            return human.duration(value)
        case Quantity.GPU_MEMORY_PEAK_BYTES:
            return human.memory(value)
        case Quantity.SCORE | Quantity.MFU_RATIO:
            return human.percent(value)
        case _:
            return human.number(value)


def _list(facts: list[tuple[str, str]]) -> Markup:
    return Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*fact) for fact in facts)


def _more(name: str, facts: list[tuple[str, str]]) -> Markup:
    if not facts:
        return Markup("")
    rows = Markup("").join(Markup("<tr><td>{}</td><td>{}</td></tr>").format(*fact) for fact in facts)
    return Markup('<details id="more-{}"><summary>{} more figures</summary><table>{}</table></details>').format(
        name, len(facts), rows
    )
