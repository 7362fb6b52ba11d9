"""`training-exporter demo`: ten minutes of a training in one, with a simulated GPU, through the whole program."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
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
        stays = sys.stdout.isatty() and not config.exit_with_run
        script = threading.Thread(
            target=_play, args=(log, clock, wakeup(), None if stays else daemon), name="demo", daemon=True
        )

        def announce() -> None:
            print(banner(daemon), flush=True)
            print(
                f"  demo      {LENGTH_S / 60:.0f} minutes in {LENGTH_S / args.speed:.0f} seconds; Ctrl-C ends it",
                flush=True,
            )
            script.start()

        return daemon.run(announce)


def _play(log: Path, clock: Clock, wakeup: Wakeup, daemon: Daemon | None) -> None:
    """Writes the log line by line as time passes; in the end stops the daemon, if one is given."""
    started_at = clock.now()
    with log.open("a", encoding="utf-8") as file:
        for seconds, line in DemoTraining(started_at).lines():
            ahead = started_at + seconds - clock.now()
            if ahead > 0:
                wakeup.wait(ahead)
            file.write(f"{line}\n")
            file.flush()
            _stamp(log, clock.now())
    if daemon is not None:
        wakeup.wait(_AFTER_S)
        daemon.stop()
    else:
        print("\nThe demo is over; its page stays until Ctrl-C.", flush=True)


def _stamp(path: Path, at: float) -> None:
    """The file was written at the demo's time, not at the machine's, which is slower."""
    os.utime(path, (at, at))
