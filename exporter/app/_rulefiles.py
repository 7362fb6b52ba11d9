"""Tells rule files from configurations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_GROUPS: Final = re.compile(r"^groups\s*:", re.MULTILINE)
"""`groups:`, the one key at the top of every Prometheus rule file, and of no configuration."""


def is_rule_file(path: Path) -> bool:
    """Whether it looks like one; a file that cannot be read does not."""
    try:
        return bool(_GROUPS.search(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False
