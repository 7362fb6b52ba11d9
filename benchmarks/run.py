"""Measures all of it in one run, prints the tables and puts them into README.md: `make bench`.

`run.py [--megabytes N] [--pairs N] [--window SECONDS] [--dry-run]` for a quick look; `--dry-run` leaves README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.idle import Measured, Waiting, measure
from benchmarks.imports import Import, imports
from benchmarks.process import Spread
from benchmarks.throughput import Comparison, Stages, compare, logs, stages

README: Final = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- tables of the last run: begin -->\n", "<!-- tables of the last run: end -->"


def main() -> None:
    """Everything, in order."""
    parser = argparse.ArgumentParser(description="Measures speed and memory against mtail and nvitop-exporter.")
    parser.add_argument("--megabytes", type=float, default=60, help="size of each generated log")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each program on each log")
    parser.add_argument("--window", type=float, default=30, help="seconds over which idle programs are watched")
    parser.add_argument("--dry-run", action="store_true", help="print only")
    args = parser.parse_args()
    made = logs(args.megabytes)
    sections = [machine(), speed(list(compare(made, args.pairs))), within([(k, stages(*v)) for k, v in made.items()])]
    sections += [waiting(measure(args.window), args.window), importing(imports())]
    text = "\n".join(sections)
    print(text)
    if not args.dry_run:
        before, _, rest = README.read_text().partition(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


def machine() -> str:
    """What it ran on."""
    model = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    mtail = subprocess.run(("mtail", "--version"), capture_output=True, text=True, check=False)
    version = re.search(r"mtail version (\S+)", mtail.stdout + mtail.stderr)
    options = re.findall(r"--enable-optimizations|--with-lto", str(sysconfig.get_config_var("CONFIG_ARGS")))
    built = " ".join((platform.python_compiler(), str(sysconfig.get_config_var("OPT")), *options))
    cpu = model[1] if model else platform.machine()
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores ({cpu}), load {os.getloadavg()[0]:.1f}; "
        f"{platform.python_implementation()} {platform.python_version()} of {sys.base_prefix} "
        f"({built}); mtail {version[1] if version else 'unknown'}.\n"
    )


def speed(compared: Sequence[Comparison]) -> str:
    """Whole programs."""
    rows = [
        (
            each.log, each.program, f"{each.written.lines:,}",
            _spread([cost.cpu_s for cost in each.ours]), _spread([cost.cpu_s for cost in each.theirs]),
            f"**{each.ratio.middle:.1f}** ({each.ratio.least:.1f} to {each.ratio.most:.1f})",
            _spread([cost.wall_s for cost in each.ours]), _spread([cost.wall_s for cost in each.theirs]),
            f"{each.wall_ratio.middle:.1f}",
        )
        for each in compared
    ]  # fmt: skip
    head = ("log", "mtail program", "lines", "ours, CPU s", "mtail, CPU s", "times faster, CPU", "ours, wall s",
            "mtail, wall s", "times faster, wall")  # fmt: skip
    size = compared[0].written.bytes / 1e6
    pairs = len(compared[0].ours)
    return (
        f"### A log of {size:.0f} MB from end to end\n\nMedian (least to most) of {pairs} pairs, whole processes with "
        f"start-up.\n\n{_table(head, rows)}"
    )


def within(timed: Iterable[tuple[str, Stages]]) -> str:
    """Stages of one process."""
    rows = []
    for kind, each in timed:
        whole = each.framing + each.decoding + each.reducing
        cells = [_rate(each, seconds) for seconds in (each.framing, each.decoding, each.reducing, whole)]
        rows.append((kind, *cells))
    head = ("log", "framing (tail)", "decoding (formats)", "reducing (runs, statistics)", "all three")
    return f"### Its stages, in one process\n\nCPU time, best of three rounds.\n\n{_table(head, rows)}"


def _rate(stages: Stages, seconds: float) -> str:
    bytes_per_s, lines_per_s = stages.written.bytes / seconds, stages.written.lines / seconds
    return f"{bytes_per_s / 1e6:,.0f} MB/s, {lines_per_s / 1e3:,.0f} klines/s"


def waiting(found: Measured, window_s: float) -> str:
    """Idle programs, latency, scrapes."""
    head = ("program", "RSS MB", "Pss MB", "private dirty MB", "CPU % of a core")
    latency, scrape = found.latency, found.scrape
    return (
        f"### Waiting, {window_s:.0f} s, one log and one simulated GPU\n\nBefore the first delivery:\n\n"
        f"{_table(head, map(_waiting, found.before))}\n"
        f"After the first delivery:\n\n{_table(head, map(_waiting, found.after))}\n"
        f"From an appended line to a scrape that shows it: p50 {latency.p50:.0f} ms, p99 {latency.p99:.0f} ms. "
        f"A scrape of {found.scrape_series} series: p50 {scrape.p50:.1f} ms, p99 {scrape.p99:.1f} ms.\n"
    )


def _waiting(each: Waiting) -> tuple[str, ...]:
    idle = each.idle
    return (
        each.name, f"{idle.rss_mb:.1f}", f"{idle.pss_mb:.1f}", f"{idle.private_dirty_mb:.1f}", f"{idle.cpu_percent:.2f}"
    )  # fmt: skip


def importing(rows: Sequence[Import]) -> str:
    """Imports."""
    head = ("import", "RSS MB", "private dirty MB", "CPU ms", "")
    cells = [
        (f"`{row.module}`" if row.module else "nothing", f"{'+' * bool(row.module)}{row.rss_mb:.1f}",
         f"{'+' * bool(row.module)}{row.private_dirty_mb:.1f}", f"{row.cpu_ms:.0f}", row.note)
        for row in rows
    ]  # fmt: skip
    note = "Each with all that it imports, in a fresh interpreter."
    return f"### What an import costs\n\n{note}\n\n{_table(head, cells)}"


def _spread(values: Sequence[float]) -> str:
    spread = Spread.of(values)
    return f"{spread.middle:.2f} ({spread.least:.2f} to {spread.most:.2f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
