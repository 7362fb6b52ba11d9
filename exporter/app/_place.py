"""Where the program is: the address it listens on and the folder of its state, with the mistakes in words."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..checkpoints import Checkpoints, StateError
from ..config import Config, ConfigError, Problem
from ..model.web import Route
from ..server import Server

NO_STATE: Final = "none"
_ANY: Final = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not bound


def open_server(listen: str, routes: Iterable[Route]) -> Server:
    """The server, bound to its address.

    Raises:
        ConfigError: the address is taken or not this machine's.
    """
    try:
        return Server(listen, routes)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"{listen} is taken by another program: choose another with --listen HOST:PORT"
        else:
            text = f"cannot listen on {listen}: {os.strerror(error.errno) if error.errno else error}"
        raise ConfigError(Problem("--listen", text)) from error


def public_address(listen: str, port: int) -> str:
    """`HOST:PORT` as others reach it: of every interface, this machine's name."""
    host = listen.rpartition(":")[0]
    return f"{socket.gethostname() if host in _ANY else host}:{port}"


def state_folder(config: Config) -> Path | None:
    """Where the state is kept; None: nowhere. Two programs on two addresses keep two states."""
    if config.state == NO_STATE:
        return None
    if config.state:
        return Path(config.state)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "training-exporter" / config.web.listen.replace("/", "_")


def open_checkpoints(folder: Path | None) -> Checkpoints:
    """The exporter's part of the state.

    Raises:
        ConfigError: the folder cannot be used.
    """
    try:
        return Checkpoints(folder)
    except StateError as error:
        raise ConfigError(Problem("--state", str(error))) from error
