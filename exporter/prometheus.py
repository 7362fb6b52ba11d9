"""The one door to prometheus_client: its registry, metric families and exposition, without its HTTP half.

Importing any part of the library runs its `__init__`, which brings an HTTP server, TLS and e-mail parsing: 7 MB for
what this program serves in another way. Here that code waits until one of its names is asked for, which only the
plain-text exposition does; a Prometheus asks for OpenMetrics.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Final

_NAME: Final = "prometheus_client"


class _Deferred(ModuleType):
    """A package that can be imported from, and whose own code runs when one of its names is first missing."""

    def __getattr__(self, name: str) -> object:
        if self.__spec__ is None or self.__spec__.loader is None or name.startswith("__"):
            raise AttributeError(name)
        object.__setattr__(self, "__class__", ModuleType)
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _defer() -> None:
    spec = find_spec(_NAME)
    if spec is not None:
        package = module_from_spec(spec)
        package.__class__ = _Deferred
        sys.modules[_NAME] = package


if _NAME not in sys.modules:
    _defer()

from prometheus_client.metrics_core import Metric as Family  # noqa: E402 - the package has to be deferred first
from prometheus_client.openmetrics import exposition as _openmetrics  # noqa: E402
from prometheus_client.registry import Collector, CollectorRegistry  # noqa: E402

__all__ = ["Collector", "CollectorRegistry", "Encoder", "Family", "choose_encoder"]

Encoder = Callable[[CollectorRegistry], bytes]


def choose_encoder(accept: str) -> tuple[Encoder, str]:
    """How to write a registry for an `Accept` header, and the content type: OpenMetrics 1.0 or text."""
    if "application/openmetrics-text" in accept:
        return _openmetrics.generate_latest, _openmetrics.CONTENT_TYPE_LATEST
    from prometheus_client import exposition  # noqa: PLC0415 - brings the HTTP half

    return exposition.choose_encoder(accept)
