"""Metrics to notifications in one loop: the embedded Prometheus that needs no thread, socket or clock of its own.

A caller ticks: `due = service.tick(now)`, waits until `due`, and ticks again. Samples of an instant are in the store
before the rules of that instant look at it.
"""

from ._service import Service, ServiceSettings
from .dispatching import Dispatcher, QueueDispatcher
from .persistence import RuleStateError, RuleStateFile

__all__ = ["Dispatcher", "QueueDispatcher", "RuleStateError", "RuleStateFile", "Service", "ServiceSettings"]
