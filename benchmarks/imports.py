"""What importing a module costs: memory and time, each in a fresh interpreter."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from benchmarks.process import Spread, output

MODULES: Final = (
    ("", "the interpreter alone"),
    ("dataclasses", ""),
    ("argparse", ""),
    ("logging", ""),
    ("sqlite3", ""),
    ("socketserver", ""),
    ("http.server", ""),
    ("ssl", ""),
    ("urllib.request", ""),
    ("msgspec", ""),
    ("markupsafe", ""),
    ("yaml", ""),
    ("re2", ""),
    ("promql_parser", ""),
    ("pynvml", "only where there is a driver"),
    ("waitress", ""),
    ("prometheus_client", ""),
    ("requests", "at the first delivery"),
    ("exporter.formats", "our own, with what it needs"),
    ("exporter.runs", "likewise"),
    ("exporter.collectors", "likewise"),
    ("exporter.page", "likewise"),
    ("exporter.config", "likewise"),
    ("exporter.cli", "likewise"),
    ("alerts.promql", "likewise"),
    ("alerts.rulefile", "likewise"),
    ("alerts.template", "likewise"),
    ("alerts.notify", "likewise"),
    ("alerts.service", "likewise"),
    ("exporter.app.inspect", "the whole of `inspect`"),
    ("exporter.app.run", "the whole of the daemon before its first delivery"),
)

_PROBE: Final = """
import time
began = time.process_time()
{statement}
took = time.process_time() - began
kilobytes = dict(line.split(":") for line in open("/proc/self/smaps_rollup").read().splitlines()[1:])
print(took, *(int(kilobytes[key].split()[0]) for key in ("Rss", "Private_Dirty")))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Of one module with all that it imports; memory as the difference to the interpreter alone."""

    module: str
    note: str
    cpu_ms: float
    rss_mb: float
    private_dirty_mb: float


def imports(rounds: int = 5) -> list[Import]:
    """The first row is the interpreter alone, in absolute figures."""
    rows = [_measure(module, note, rounds) for module, note in MODULES]
    base = rows[0]
    return [base, *(_beyond(row, base) for row in rows[1:])]


def _beyond(row: Import, base: Import) -> Import:
    return Import(
        module=row.module,
        note=row.note,
        cpu_ms=row.cpu_ms,
        rss_mb=row.rss_mb - base.rss_mb,
        private_dirty_mb=row.private_dirty_mb - base.private_dirty_mb,
    )


def _measure(module: str, note: str, rounds: int) -> Import:
    code = _PROBE.format(statement=f"import {module}" if module else "")
    output((sys.executable, "-c", code))  # compiles
    seen = [tuple(map(float, output((sys.executable, "-c", code)).split())) for _ in range(rounds)]
    took, rss, dirty = (Spread.of(values).middle for values in zip(*seen, strict=True))
    return Import(
        module=module, note=note, cpu_ms=took * 1000, rss_mb=rss * 1024 / 1e6, private_dirty_mb=dirty * 1024 / 1e6
    )
