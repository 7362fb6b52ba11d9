"""What the system lets this process have."""

from __future__ import annotations

import contextlib
import resource


def raise_open_files() -> None:
    """Takes as many open files as the administrator allows: each log that is followed is one, and shells give 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # Darwin refuses an infinite one; a log that is left out is told
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
