"""Both paths leave out the same alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alerts.inhibitions import shipped_inhibitions

CONFIG = Path(__file__).parents[2] / "alerts" / "alertmanager" / "alertmanager.yml"


def _names(matchers: list[str]) -> list[str]:
    (matcher,) = matchers
    return matcher.partition("=")[2].strip(' ~"').split("|")


def test_alertmanager_and_the_embedded_dispatch_inhibit_the_same() -> None:
    rules: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text())["inhibit_rules"]
    configured = {
        (source, target, tuple(rule["equal"]))
        for rule in rules
        for source in _names(rule["source_matchers"])
        for target in _names(rule["target_matchers"])
    }
    embedded = {(rule.source[0][1], rule.target[0][1], rule.equal) for rule in shipped_inhibitions()}
    assert embedded == configured
