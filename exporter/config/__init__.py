"""Flags and YAML to one frozen `Config`. Every error at once, each with its file and line; unknown keys are errors."""

from ._yaml import parse_duration
from .model import (
    DEFAULT_LISTEN,
    AlertsConfig,
    Config,
    ConfigError,
    GpuConfig,
    InhibitRule,
    Problem,
    RunConfig,
    WebConfig,
)
from .read import listen_address, parse_target, parse_url, read_config

__all__ = [
    "DEFAULT_LISTEN",
    "AlertsConfig",
    "Config",
    "ConfigError",
    "GpuConfig",
    "InhibitRule",
    "Problem",
    "RunConfig",
    "WebConfig",
    "listen_address",
    "parse_duration",
    "parse_target",
    "parse_url",
    "read_config",
]
