"""Settings of all property tests: a busy machine makes no example fail."""

from hypothesis import settings

settings.register_profile("runpact", deadline=None)
settings.load_profile("runpact")
