"""Which alerts are not worth a message because a greater one fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import Alert, Fingerprint, Inhibition


def inhibited(
    alerts: Iterable[Alert], firing: Iterable[Alert], inhibitions: tuple[Inhibition, ...]
) -> frozenset[Fingerprint]:
    """Those of `alerts` that an alert among `firing` inhibits.

    A label that is missing counts as empty. An alert that matches both sides of an inhibition is not inhibited by
    another that does too, so that none inhibits itself.
    """
    if not inhibitions:
        return frozenset()
    sources = [dict(alert.labels) for alert in firing]
    return frozenset(
        alert.fingerprint
        for alert in alerts
        if any(_inhibits(inhibition, sources, dict(alert.labels)) for inhibition in inhibitions)
    )


def _inhibits(inhibition: Inhibition, sources: list[dict[str, str]], target: Mapping[str, str]) -> bool:
    if not _matches(inhibition.target, target):
        return False
    two_sided = _matches(inhibition.source, target)
    return any(
        _matches(inhibition.source, source)
        and all(source.get(name, "") == target.get(name, "") for name in inhibition.equal)
        and not (two_sided and _matches(inhibition.target, source))
        for source in sources
    )


def _matches(matchers: tuple[tuple[str, str], ...], labels: Mapping[str, str]) -> bool:
    return all(labels.get(name, "") == value for name, value in matchers)
