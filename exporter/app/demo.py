"""`training-exporter demo`: ten minutes of a training in one, with a simulated GPU, through the whole program."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..clock import Clock, EventWakeup, ScaledClock, Wakeup
from ..config import RunConfig
from ..gpu.simulated import SimulatedGpus
from ._banner import banner
from ._daemon import Daemon, Surroundings
from ._demo_script import LENGTH_S, SCENES, DemoTraining
from ._log import configure_logging
from ._options import add_service_options, config_from
from ._place import NO_STATE

HELP = "a training played live with a simulated GPU: metrics, page, alerts, messages"

SPEED: Final = 10.0
_GROUP_INTERVAL_S: Final = 30.0
"""Of the demo's time, where the default is five minutes: "resolved" should be seen within the minute."""
_AFTER_S: Final = 120.0
"""Of the demo's time: what is left for the last messages."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(log=(), no_gpu=False)
    add_service_options(parser)
    parser.add_argument("--speed", type=float, default=SPEED, help="how much faster than life (10)")


def main(args: argparse.Namespace) -> int:
    """Plays it once; on a terminal the page stays until Ctrl-C."""
    args.state = args.state or NO_STATE
    config = config_from(args)
    configure_logging("warning" if args.log_level == "info" else args.log_level)
    clock = ScaledClock(args.speed)

    def wakeup() -> EventWakeup:
        return EventWakeup(args.speed)

    with tempfile.TemporaryDirectory(prefix="training-exporter-demo-") as folder:
        log = Path(folder) / "demo" / "log.txt"
        log.parent.mkdir()
        log.touch()
        started_at = clock.now()
        _stamp(log, started_at)
        config = replace(
            config,
            runs=(RunConfig(log=str(log)),),
            alerts=replace(config.alerts, group_interval=_GROUP_INTERVAL_S),
        )
        gpus = SimulatedGpus(SCENES, started_at=started_at)
        daemon = Daemon(config, Surroundings(clock=clock, wakeup=wakeup, gpus=gpus))
        script = _Script(log, clock, wakeup())
        stays = sys.stdout.isatty() and not config.exit_with_run

        def announce() -> None:
            print(banner(daemon), flush=True)
            length = f"{LENGTH_S / 60:.0f} minutes in {LENGTH_S / args.speed:.0f} seconds"
            print(f"  demo      {length}; Ctrl-C ends it", flush=True)
            script.start(_say_it_is_over if stays else daemon.stop)

        try:
            daemon.run(announce)
        finally:
            script.stop()
    return 0


class _Script:
    """Writes the log line by line as time passes, on a thread of its own."""

    def __init__(self, log: Path, clock: Clock, wakeup: Wakeup) -> None:
        self._log, self._clock, self._wakeup = log, clock, wakeup
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self, then: Callable[[], None]) -> None:
        """Begins; calls `then` in the end, with time left for the last messages."""
        self._thread = threading.Thread(target=self._play, args=(then,), name="demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it; the log's folder may go."""
        self._stopping = True
        self._wakeup.wake()
        if self._thread is not None:
            self._thread.join()

    def _play(self, then: Callable[[], None]) -> None:
        started_at = self._clock.now()
        with self._log.open("a", encoding="utf-8") as file:
            for seconds, line in DemoTraining(started_at).lines():
                ahead = started_at + seconds - self._clock.now()
                if ahead > 0:
                    self._wakeup.wait(ahead)
                if self._stopping:
                    return
                file.write(f"{line}\n")
                file.flush()
                _stamp(self._log, self._clock.now())
        self._wakeup.wait(_AFTER_S)
        if not self._stopping:
            then()


def _say_it_is_over() -> None:
    print("\nThe demo is over; its page stays until Ctrl-C.", flush=True)


def _stamp(path: Path, at: float) -> None:
    """The file was written at the demo's time, not at the machine's, which is slower."""
    os.utime(path, (at, at))
