"""Progress, canceling, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any, List, Tuple

import numpy as np
import pytest
from conftest import optional

import pmkt


def big(rows: int = 300_000) -> pmkt.Events:
    dice = np.random.default_rng(1)
    return pmkt.Events(
        user=dice.integers(1, rows, rows),
        time=dice.integers(0, 10**10, rows),
        order=np.arange(1, rows + 1),
        amount=dice.integers(0, 10**5, rows),
    )


@pytest.fixture(scope="module")
def events() -> pmkt.Events:
    return big()


def test_a_callable_hears_of_it(events: pmkt.Events) -> None:
    heard: List[Tuple[float, str]] = []

    def hear(done: float, stage: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        heard.append((done, stage))

    rfm = pmkt.RFM().add(events, progress=hear)
    count = len(heard)
    assert count > 0
    rfm.score("2000-01-01", progress=hear)
    rfm.compact(progress=hear)
    pmkt.RFM().merge(rfm, progress=hear)
    assert len(heard) > count
    shares = [done for done, _ in heard[:count]]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    assert all(isinstance(stage, str) and stage for _, stage in heard)


def test_a_true_answer_cancels_and_changes_nothing(events: pmkt.Events) -> None:
    rfm = pmkt.RFM().add(pmkt.Events(user=[7], time=[0], amount=[1]))
    before = rfm.stats
    with pytest.raises(pmkt.Canceled):
        rfm.add(events, progress=lambda done, stage: True)
    assert rfm.stats == before
    rfm.add(events)
    with pytest.raises(pmkt.Canceled):
        rfm.score("2000-01-01", progress=lambda done, stage: True)
    assert len(rfm.score("2000-01-01", progress=lambda done, stage: 0)) > 1


def test_an_exception_in_the_callback_reaches_the_caller(events: pmkt.Events) -> None:
    class Mine(Exception):
        pass

    for error in (Mine("no"), KeyboardInterrupt(), SystemExit(3)):

        def fail(done: float, stage: str, error: BaseException = error) -> None:
            raise error

        rfm = pmkt.RFM()
        with pytest.raises(type(error)):
            rfm.add(events, progress=fail)
        assert rfm.stats.rows_accepted == 0


def test_ctrl_c_cancels(events: pmkt.Events, ctrl_c: None) -> None:
    """A real signal, that arrives while C works."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    state = []

    def interrupt(done: float, stage: str) -> None:
        if not state:
            state.append(done)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    rfm = pmkt.RFM()
    with pytest.raises(KeyboardInterrupt):
        rfm.add(events, progress=interrupt)
    assert rfm.stats.rows_accepted == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert rfm.add(events).report.accepted == len(events)


def test_ctrl_c_without_a_callback(ctrl_c: None) -> None:
    """From outside, into a program that only adds and scores, as a person at a terminal does it."""
    program = textwrap.dedent(
        """
        import numpy as np, pmkt, sys
        rows = 400_000
        events = pmkt.Events(user=np.arange(1, rows + 1), time=np.arange(rows),
                             amount=np.ones(rows, np.int64))
        rfm = pmkt.RFM()
        print("ready", flush=True)
        try:
            while True:
                rfm = pmkt.RFM().add(events)
                rfm.score("2000-01-01")
        except KeyboardInterrupt:
            rfm.score("2000-01-01")
            print("stopped", flush=True)
        """
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()  # or it would go on for ever
    assert (out, err, child.returncode) == ("stopped\n", "", 0)


def test_a_handler_of_the_program_stays(events: pmkt.Events) -> None:
    seen: List[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        rfm = pmkt.RFM()
        rfm.add(events, progress=lambda d, s: None if seen else os.kill(os.getpid(), signal.SIGINT))
        assert seen == [signal.SIGINT] and rfm.stats.rows_accepted == len(events)
    finally:
        signal.signal(signal.SIGINT, before)


def test_calls_from_other_threads_hear_of_it_there(events: pmkt.Events) -> None:
    heard = []
    thread = threading.Thread(
        target=lambda: pmkt.RFM().add(
            events, progress=lambda d, s: heard.append(threading.current_thread())
        )
    )
    thread.start()
    thread.join()
    assert heard and set(heard) == {thread}


def test_the_callback_may_not_call_its_own_state(events: pmkt.Events) -> None:
    rfm, other = pmkt.RFM(), pmkt.RFM()

    def meddle(done: float, stage: str) -> None:
        other.add(pmkt.Events(user=[1], time=[0], amount=[1]))
        rfm.add(events)

    with pytest.raises(pmkt.InvalidInput, match="busy"):
        rfm.add(events, progress=meddle)
    assert rfm.stats.rows_accepted == 0 and other.stats.rows_accepted == 1


def test_others_run_while_c_works(events: pmkt.Events) -> None:
    """The GIL is released: a thread of Python counts while another adds."""
    counts, stop = [0], threading.Event()

    def count() -> None:
        while not stop.is_set():
            counts[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    rfm = pmkt.RFM(threads=1)
    before, spent = counts[0], 0.0
    while spent < 0.3:
        start = time.perf_counter()
        rfm.add(events)
        spent += time.perf_counter() - start
    after = counts[0]
    stop.set()
    thread.join()
    assert after - before > 100


def test_bars(events: pmkt.Events, capsys: Any, monkeypatch: Any) -> None:
    if optional("tqdm") is not None:
        pmkt.RFM().add(events, progress=True)
        assert "adding" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    pmkt.RFM().add(events, progress=True)
    err = capsys.readouterr().err
    assert err.startswith("\radding:") and "%" in err and err.endswith("\n")
    for silent in (None, False):
        pmkt.RFM().add(events, progress=silent)
        assert capsys.readouterr().err == ""


def test_what_is_no_progress() -> None:
    for bad in ("bar", 1, []):
        with pytest.raises(pmkt.InvalidInput, match="progress is neither"):
            pmkt.RFM().compact(progress=bad)
