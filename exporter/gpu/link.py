"""Which devices a run uses: as configured, else by the environment, else where there is only one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .source import Device

UUID_PREFIX: Final = "GPU-"
"""Of every uuid of a whole device; CUDA takes any unambiguous beginning of one (CUDA guide, CUDA_VISIBLE_DEVICES)."""
CONTAINER: Final = "NVIDIA_VISIBLE_DEVICES"
"""What the container runtime shows of the host's devices."""
PROGRAM: Final = "CUDA_VISIBLE_DEVICES"
"""What CUDA shows a program of these."""


class LinkOrigin(Enum):
    """What a link was decided by."""

    CONFIGURED = "configured"
    ENVIRONMENT = "environment"
    ONLY_ANSWER = "only answer"
    """There is one run, or one device."""
    UNKNOWN = "unknown"
    """Several runs and several devices, and nothing that tells which uses which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The devices of a run."""

    uuids: tuple[str, ...] = ()
    origin: LinkOrigin
    missing: tuple[str, ...] = ()
    """Configured words that name no device."""


def link(
    configured: Sequence[str] | None, environment: Mapping[str, str], devices: Sequence[Device], runs: int
) -> Link:
    """The devices of one of `runs` runs.

    Args:
        configured: indices or uuids; None: not configured.
        environment: of a process that sees the same devices as the training.
        devices: all that can be read.
        runs: how many may use devices now, this one too; a wrong link is worse than none, so several runs share only
            a single device.
    """
    if configured is not None:
        missing = tuple(word for word in configured if not _named(word, devices))
        return Link(uuids=_uuids(configured, devices), origin=LinkOrigin.CONFIGURED, missing=missing)
    if CONTAINER in environment or PROGRAM in environment:
        shown = _shown_to_container(environment.get(CONTAINER, "all"), devices)
        used = _shown_to_program(environment.get(PROGRAM), shown)
        return Link(uuids=tuple(device.uuid for device in used), origin=LinkOrigin.ENVIRONMENT)
    if runs == 1 or len(devices) == 1:
        return Link(uuids=tuple(device.uuid for device in devices), origin=LinkOrigin.ONLY_ANSWER)
    return Link(origin=LinkOrigin.UNKNOWN)


def selects(word: str, index: int, uuid: str) -> bool:
    """Whether an index or a uuid, or the beginning of one, names this device."""
    if word.isdecimal():
        return int(word) == index
    return word.startswith(UUID_PREFIX) and uuid.startswith(word)


def _named(word: str, devices: Sequence[Device]) -> list[Device]:
    return [device for device in devices if selects(word, device.index, device.uuid)]


def _uuids(words: Sequence[str], devices: Sequence[Device]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(device.uuid for word in words for device in _named(word, devices)))


def _shown_to_container(value: str, devices: Sequence[Device]) -> Sequence[Device]:
    """The runtime hides what is not named, and its indices count the host's devices: where they do not fit, all."""
    words = _words(value)
    if value in {"", "none", "void"}:
        return ()
    if value == "all" or not all(_named(word, devices) for word in words):
        return devices
    named = _uuids(words, devices)
    return [device for device in devices if device.uuid in named]


def _shown_to_program(value: str | None, shown: Sequence[Device]) -> Sequence[Device]:
    """CUDA counts the devices shown, and ignores the list from the first word on that names none of them."""
    if value is None:
        return shown
    used: list[Device] = []
    for word in _words(value):
        named = shown[int(word) : int(word) + 1] if word.isdecimal() else _named(word, shown)
        if len(named) != 1:
            break
        used += named
    return used


def _words(value: str) -> list[str]:
    return [word for word in (part.strip() for part in value.split(",")) if word]
