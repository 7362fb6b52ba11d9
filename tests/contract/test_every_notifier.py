"""A notifier without the contract suite does not pass."""

from __future__ import annotations

from importlib import import_module

import pytest

from alerts.notify import notifier_names
from tests.contract.notifier import NotifierContract


@pytest.mark.parametrize("name", notifier_names())
def test_it_has_its_suite(name: str) -> None:
    suite = import_module(f"tests.notify.test_{name}").TestContract
    assert issubclass(suite, NotifierContract)
    assert name == suite.NAME
