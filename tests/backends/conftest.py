"""Hypothesis for these tests: no deadline, and the same examples every time."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "backends",
    deadline=None,
    derandomize=True,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("backends")
