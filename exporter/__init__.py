"""Turns training logs and NVML into Prometheus metrics. Knows nothing of alerts."""

__version__ = "0.1.0"
