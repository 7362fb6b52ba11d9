"""Writes what the simulated driver is to answer; README.md names what a scenario may say."""

from __future__ import annotations

from pathlib import Path


class Scenario:
    """A scenario file that changes while programs read it: each change is a rename, so that none sees half of one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._said: dict[str, str] = {}
        self._write()

    def say(self, key: str, value: object) -> None:
        """Answers `value` to what asks for `key`: `gpu0.temperature`, `gpu.power`, `devices`."""
        self._said[key] = str(value)
        self._write()

    def unsay(self, key: str) -> None:
        """Back to the normal answer."""
        del self._said[key]
        self._write()

    def _write(self) -> None:
        new = self.path.with_suffix(".new")
        new.write_text("".join(f"{key} = {value}\n" for key, value in self._said.items()), encoding="utf-8")
        new.replace(self.path)
