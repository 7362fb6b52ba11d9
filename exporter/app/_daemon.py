"""The whole program: logs, devices, registry, server, rules, messages; each that waits on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..clock import Clock, EventWakeup
from ..collectors import discover, make_registry
from ..config import Config, ConfigError
from ..formats import discover_formats
from ..gpu import GpuSource, Sampler
from ..model import Health, RunStatus
from ..model.web import Request, Response, Route
from ..page import View, page_routes
from ..prometheus import CollectorRegistry
from ._ending import EndRequest, handling_signals
from ._exposition import health_routes, metrics_route
from ._loop import Loop
from ._pipeline import Pipeline
from ._place import open_checkpoints, open_server, public_address, state_folder

if TYPE_CHECKING:
    from alerts.notify import Notifier
    from alerts.rulefile import RuleGroup

    from ._alerting import Alerting

POLL_S: Final = 0.5
"""Between two looks at the logs, one `stat` each: a line is on /metrics within half a second."""
IDLE_S: Final = 60.0
"""The longest wait of a delivery that nothing wakes."""
STOP_S: Final = 2.0
"""What the threads are given to end; a driver or a receiver that hangs is left behind."""
_ENDED: Final = frozenset({RunStatus.FINISHED, RunStatus.FAILED})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Time and devices: the machine's own, or the demo's."""

    clock: Clock
    wakeup: Callable[[], EventWakeup]
    gpus: GpuSource | None


class Daemon:
    """Everything, wired.

    Raises:
        ConfigError: whatever of the configuration cannot work, before anything is started.
    """

    def __init__(self, config: Config, surroundings: Surroundings) -> None:
        self.config = config
        self._clock = clock = surroundings.clock
        self._wakeup = surroundings.wakeup
        self._end, self._read_once = EndRequest(), threading.Event()
        self._hung_up = False
        self._over_since: float | None = None
        groups, notifiers = _rules_and_receivers(config)
        self.state_folder = state_folder(config)
        self._checkpoints = open_checkpoints(self.state_folder)
        self.sampler = (
            None if surroundings.gpus is None else Sampler(surroundings.gpus, clock, interval_s=config.gpu.interval)
        )
        self.pipeline = Pipeline(
            config.runs,
            formats=discover_formats(),
            checkpoints=self._checkpoints,
            sampler=self.sampler,
            health=self._health,
            now=clock.now(),
        )
        registry = make_registry(lambda: self.pipeline.snapshot, discover())
        self._server = open_server(config.web.listen, self._routes(metrics_route(registry)))
        address = public_address(config.web.listen, self._server.port)
        self.local_url = f"http://{address}"
        external_url = config.web.external_url or self.local_url
        self.page_url = f"{external_url}/"
        self._queued = tuple(surroundings.wakeup() for _ in notifiers)
        self.alerting = self._make_alerting(groups, notifiers, registry, address)
        self._loops = tuple(self._make_loops())

    def _make_alerting(
        self, groups: tuple[RuleGroup, ...], notifiers: tuple[Notifier, ...], registry: CollectorRegistry, address: str
    ) -> Alerting | None:
        if not self.config.alerts.enabled:
            return None
        from ._alerting import Alerting  # noqa: PLC0415 - see _rules_and_receivers

        return Alerting(
            self.config.alerts,
            groups=groups,
            notifiers=notifiers,
            collect=registry.collect,
            instance=address,
            external_url=self.page_url.removesuffix("/"),
            state=self.state_folder,
            evidence=self,
            now=self._clock.now(),
            monotonic=self._clock.monotonic,
            on_queued=self._wake_deliveries,
        )

    def run(self, announce: Callable[[], None], read_anew: Callable[[], Config] | None = None) -> Config | None:
        """Works until a signal, `stop` or the end of the runs; announces once the logs are read.

        SIGHUP asks `read_anew` for a new configuration, which is returned to go on with, or keeps the old one with an
        error in the log. Everything else returns None: it was the end.
        """
        with handling_signals(self.stop, self._hang_up):
            for loop in self._loops:
                loop.start()
            self._server.start()
            while not self._read_once.is_set() and not self._end.wait(0.05):
                pass
            if not self._end.wait(0):
                announce()
            following = None
            while following is None and not self._end.wait(1.0) and not self._is_over():
                following = self._reloaded(read_anew)
            self._close()
        self._end.close()
        return following

    def _hang_up(self) -> None:
        # From a signal handler: no lock, which the main thread may hold.
        self._hung_up = True

    def _reloaded(self, read_anew: Callable[[], Config] | None) -> Config | None:
        if not self._hung_up:
            return None
        self._hung_up = False
        if read_anew is None:
            self.stop()
            return None
        try:
            config = read_anew()
        except ConfigError as error:
            _log.error("reload=refused reason=%r", str(error))
            return None
        _log.info("reload=done")
        self.pipeline.stop()
        return config

    def stop(self) -> None:
        """Makes `run` return. From any thread, and from a signal handler."""
        self.pipeline.stop()
        self._end.make()

    def last_lines(self, run: str) -> tuple[str, ...]:
        """The end of a run's log, for messages; empty where the user wants none."""
        count = self.config.alerts.log_lines
        return self.pipeline.last_lines(run)[-count:] if count else ()

    def _make_loops(self) -> Iterator[Loop]:
        clock, sampler, alerting = self._clock, self.sampler, self.alerting
        yield Loop("logs", self._read, self._wakeup())
        if sampler is not None:

            def sample() -> float:
                sampler.tick()
                return sampler.interval_s

            yield Loop("gpus", sample, self._wakeup(), finish=sampler.close)
        if alerting is not None:
            yield Loop("rules", lambda: alerting.service.tick(clock.now()) - clock.now(), self._wakeup())
            for worker, wakeup in zip(alerting.workers, self._queued, strict=True):

                def deliver(deliver_due: Callable[[float], float | None] = worker.deliver_due) -> float:
                    due = deliver_due(clock.now())
                    return IDLE_S if due is None else due - clock.now()

                yield Loop("messages", deliver, wakeup)

    def _read(self) -> float:
        more = self.pipeline.step(self._clock.now())
        if self.pipeline.ready:
            self._read_once.set()
        return 0.0 if more else POLL_S

    def _wake_deliveries(self) -> None:
        for wakeup in self._queued:
            wakeup.wake()

    def _routes(self, metrics: Route) -> Iterator[Route]:
        yield from page_routes(self._view)
        yield metrics
        yield from health_routes(healthy=self._sick, ready=lambda: self.pipeline.ready)
        if self.config.alerts.enabled:
            from ._alerting import Alerting  # noqa: PLC0415 - see _rules_and_receivers

            yield from (Route(path, self._api(path)) for path in Alerting.API_PATHS)

    def _api(self, path: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            body = b"" if self.alerting is None else self.alerting.api(path, request.query)
            return Response(body=body, content_type="application/json")

        return answer

    def _view(self) -> View:
        alerting, inventory = self.alerting, None if self.sampler is None else self.sampler.inventory
        problem = "GPUs are not asked (--no-gpu)." if self.sampler is None else ""
        return View(
            snapshot=replace(self.pipeline.snapshot, at=self._clock.now()),
            alerts=() if alerting is None else alerting.active(),
            gpu_absence=problem or ("" if inventory is None else inventory.problem),
            alerting="alerts are left to Prometheus" if alerting is None else alerting.summary,
        )

    def _health(self, base: Health) -> Health:
        if self.alerting is None:
            return replace(base, external_url=self.page_url)
        return replace(
            base,
            external_url=self.page_url,
            rule_groups=self.alerting.groups_health(),
            receivers=self.alerting.receivers_health(),
        )

    def _sick(self) -> str:
        """Which loops do not do their work."""
        sick = [loop.name for loop in self._loops if loop.failing or not loop.alive]
        return f"does not work: {', '.join(sick)}; the log of this program says why" if sick else ""

    def _is_over(self) -> bool:
        """With --exit-with-run: all runs ended, and whatever was to be told of it is on its way to being sent."""
        now, runs = self._clock.now(), self.pipeline.snapshot.runs
        ended = (
            self.pipeline.ready
            and bool(runs)
            and all(run.state is not None and run.state.status in _ENDED for run in runs)
        )
        if not self.config.exit_with_run or not ended:
            self._over_since = None
            return False
        self._over_since = self._over_since or now
        return self.alerting is None or (now - self._over_since > self.alerting.settle_s and self.alerting.quiet)

    def _close(self) -> None:
        for loop in self._loops:
            loop.stop()
        deadline = self._clock.monotonic() + STOP_S
        ended = [loop.join(max(0.1, deadline - self._clock.monotonic())) for loop in self._loops]
        self._server.close()
        # What hangs still uses its connections; all of it was committed when it happened.
        if self.alerting is not None and all(ended):
            self.alerting.close()
        reader_ended = ended[0]
        if reader_ended:
            self.pipeline.close()
            self._checkpoints.close()


def _rules_and_receivers(config: Config) -> tuple[tuple[RuleGroup, ...], tuple[Notifier, ...]]:
    """None where alerts are left to Prometheus, and then without the seven megabytes of code for them."""
    if not config.alerts.enabled:
        return (), ()
    from ._alerting import open_alerting  # noqa: PLC0415 - late, for their sake

    return open_alerting(config)
