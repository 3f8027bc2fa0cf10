"""What fuzzed doors have in common: how many cases, a clock, plain words, damage."""

import os
import signal
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("SOPR_UQ_FUZZ_CASES", "100"))
MOMENT = 20.0


def fuzz(cases):
    """Hypothesis without a clock of its own; here the same cases each time, new ones in a fuzz."""
    return settings(
        max_examples=max(cases, 20),
        deadline=None,
        database=None,
        derandomize="SOPR_UQ_FUZZ_CASES" not in os.environ,
        # A case is small as it is, and shrinking takes longer than finding.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def in_a_moment():
    """Fail a case that takes longer than a moment."""

    def late(number, frame):
        raise AssertionError(f"not done in {MOMENT} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, MOMENT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def check_words(error):
    """A message names what was expected and found, and is no page of text."""
    assert len(str(error)) < 20_000
    assert "Traceback" not in str(error)


def damaged(content, draw):
    """Flip, cut, repeat or exchange some bytes; often near the beginning, where structure is."""
    bad = bytearray(content)
    for _ in range(draw(st.integers(1, 12))):
        end = len(bad) if draw(st.booleans()) else min(len(bad), 9000)
        if end:
            bad[draw(st.integers(0, end - 1))] = draw(st.integers(0, 255))
    if draw(st.integers(0, 4)) == 0:
        bad = bad[: draw(st.integers(0, len(bad)))]
    if draw(st.integers(0, 9)) == 0:
        bad += bad[: draw(st.integers(0, len(bad)))]
    return bytes(bad)
