"""Property tests on a busy machine: no time limit for one example."""

from hypothesis import settings

settings.register_profile("cadence", deadline=None)
settings.load_profile("cadence")
