"""Settings that every test shares."""

from hypothesis import settings

# A test gives the same verdict on every machine, however busy it is.
settings.register_profile("sopr_uq", deadline=None, derandomize=True)
settings.load_profile("sopr_uq")
