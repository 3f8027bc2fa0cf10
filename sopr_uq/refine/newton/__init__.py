"""The Bayesian Newton rule."""

from sopr_uq.refine.newton.rule import Newton

__all__ = ["Newton"]
