"""A request to end waits until a block is done; the second one does not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from runpact.host.signals import Terminated, putting_off_the_end, raising_on_termination


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.requirement("E6.5")
def test_ctrl_c_is_heeded_when_the_block_is_done() -> None:
    done = []

    def work() -> None:
        with putting_off_the_end():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]


def test_the_second_is_heeded_at_once() -> None:
    done = []

    def work() -> None:
        with putting_off_the_end():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)
            os.kill(os.getpid(), signal.SIGINT)
            done.append(2)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]


def test_termination_waits_as_well() -> None:
    done = []

    def work() -> None:
        with raising_on_termination(), putting_off_the_end():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append(1)

    with pytest.raises(Terminated):
        work()
    assert done == [1]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with putting_off_the_end():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_change_nothing() -> None:
    seen = []

    def work() -> None:
        with putting_off_the_end():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
