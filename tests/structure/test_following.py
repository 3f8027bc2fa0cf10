"""Continuation from an easy problem to the wanted one, on a line whose solutions end somewhere."""

import numpy as np
import pytest

from sopr_uq.structure.iteration import Root, follow


class Line:
    """γ = λ, found from no farther than ``reach`` below, up to ``end``; what was tried is kept."""

    def __init__(self, end, reach):
        self.end, self.reach, self.tried = end, reach, []

    def __call__(self, target, gamma):
        self.tried.append((target, float(gamma[0, 0])))
        found = target <= self.end and target - gamma[0, 0] <= self.reach
        return Root(np.full((1, 1), target), 0.0 if found else 1.0, 1)


@pytest.mark.parametrize(
    ("end", "reach"), [(2.0, 1.0), (2.0, 0.3), (2.0, 0.011), (0.83, 0.3), (0.985, 1.0), (0.0, 1.0)]
)
def test_it_goes_as_far_as_there_are_solutions_and_asks_nothing_twice(end, reach):
    line = Line(end, reach)
    root, reached = follow(line, np.zeros((1, 1)))
    assert root.gamma[0, 0] == reached
    assert root.iterations == len(line.tried) == len(set(line.tried))
    assert root.converged == (reached == 1.0) == (end >= 1.0)
    assert min(end, 1.0) - 1 / 128 <= reached <= min(end, 1.0)
