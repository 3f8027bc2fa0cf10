"""An interrupt is known as one, whatever a library makes of it."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from sopr_uq.errors import Interrupted
from sopr_uq.executor import InTurn
from sopr_uq.interrupts import explained, listening


def _interrupted(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(1.0)


@pytest.fixture
def told_to_end():
    def stop(number, frame):
        raise Interrupted("Told to end.", number)

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("told_to_end")
def test_an_interrupt_that_a_library_turned_into_an_error_of_its_own_is_still_one(number):
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    def swallowing():
        try:
            _interrupted(number)
        except KeyboardInterrupt:
            raise TypeError("Cannot compare structured arrays.") from None

    with pytest.raises(Interrupted, match="3 are kept") as caught, explained(lambda: "3 are kept"):
        swallowing()
    assert caught.value.signal == number
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.usefixtures("told_to_end")
def test_an_interrupt_says_what_is_kept():
    with pytest.raises(Interrupted, match="kept") as caught, explained(lambda: "kept"):
        _interrupted(signal.SIGTERM)
    assert caught.value.signal == signal.SIGTERM


def test_an_interrupt_that_a_library_swallowed_ends_the_next_task():
    done = []

    def task(number):
        done.append(number)
        with suppress(KeyboardInterrupt):
            _interrupted(signal.SIGINT)

    with pytest.raises(Interrupted, match="kept"), explained(lambda: "kept"):
        InTurn().run(task, [1, 2, 3])
    assert done == [1]
    # it is forgotten with what it ended
    assert InTurn().run(str, [1, 2]) == ["1", "2"]


def test_an_interrupt_that_was_swallowed_before_the_work_began_ends_it():
    """As an import does that is tried and done without."""
    begun = []
    with listening():
        with suppress(KeyboardInterrupt):
            _interrupted(signal.SIGINT)
        with pytest.raises(Interrupted, match="Nothing"), explained(lambda: "Nothing is kept"):
            begun.append(1)
    assert not begun
    with explained(lambda: "kept"):
        begun.append(1)
    assert begun == [1]


def test_an_error_without_an_interrupt_stays_what_it_is():
    with pytest.raises(TypeError, match="compare"), explained(lambda: "kept"):
        raise TypeError("Cannot compare structured arrays.")


def test_a_thread_that_hears_no_signals_works_too():
    found = []

    def work():
        with explained(lambda: "kept"):
            found.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]
