"""How many threads the linear algebra may use decides nothing about a result."""

import os
import subprocess
import sys

ROUNDS = """
from sopr_uq.refine.loop import refine
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import load_config

config = load_config("argon-85K", ["engine.name='integral_equation'", "refine.max_iterations=1"])
rule = build_rule(config)
for state in refine(rule, build_engine(config, rule)).past:
    print(state.proposals.tobytes().hex())
"""


def test_a_course_is_the_same_to_the_last_bit_with_one_thread_and_with_two():
    def course(threads: int) -> str:
        limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
        command = [sys.executable, "-c", ROUNDS]
        return subprocess.run(
            command, env=os.environ | limits, check=True, capture_output=True, text=True
        ).stdout

    one, two = course(1), course(2)
    assert len(one.splitlines()) == 1
    assert one == two
