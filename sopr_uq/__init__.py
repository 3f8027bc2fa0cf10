"""From a scattering measurement of a liquid to a calibrated posterior over its pair potential."""

__version__ = "0.1.0"
