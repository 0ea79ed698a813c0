"""Who computes when several want to: fake work, and threads that stand for the runs of sessions."""

import threading

import pytest
from opened import opened

from rnnviz import TrainConfig, Training
from rnnviz.course.found import finished
from rnnviz.figures.course import PICTURES
from rnnviz.ui import pulse, runs
from rnnviz.ui.pulse import Gate

SOON = 30.0
"""Seconds after which a thread that should have ended counts as stuck."""


def start(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def ended(*threads):
    for thread in threads:
        thread.join(SOON)
    return not any(thread.is_alive() for thread in threads)


@pytest.fixture
def held():
    """A gate with one place, a slice in it, and what lets that slice end."""
    gate, inside, free = Gate(1), threading.Event(), threading.Event()

    def hold():
        inside.set()
        free.wait(SOON)

    thread = start(lambda: gate.in_turn(hold, 0.0, lambda: None))
    assert inside.wait(SOON)
    yield gate, free
    free.set()
    assert ended(thread)


def queued(gate, step, waiting=lambda: None):
    """A thread with a slice that is in the queue."""
    before = len(gate._queue)
    thread = start(lambda: gate.in_turn(step, 0.0, waiting))
    while len(gate._queue) == before:
        pass
    return thread


@pytest.fixture
def somebody():
    """The gate of a run that answers somebody, its thread, and what ends it."""
    gate, noted, done = Gate(1), threading.Event(), threading.Event()

    def run():
        gate.answering()
        noted.set()
        done.wait(SOON)

    thread = start(run)
    assert noted.wait(SOON)
    yield gate, thread, done
    done.set()


def test_slices_go_in_the_order_in_which_they_came(held):
    gate, free = held
    order = []
    threads = [queued(gate, lambda k=k: order.append(k)) for k in range(6)]
    assert not order, "one slice at a time"
    free.set()
    assert ended(*threads) and order == list(range(6))


def test_who_had_a_turn_goes_to_the_end(held):
    gate, free = held
    order = []

    def session(name):
        def step():
            order.append(name)
            # The next one begins only once this one stands in the queue again.
            while len(gate._queue) < 3 and len(order) < 10:
                pass

        for _ in range(4):
            gate.in_turn(step, 0.0, lambda: None)

    threads = []
    for name in "abc":
        before = len(gate._queue)
        threads.append(start(lambda name=name: session(name)))
        while len(gate._queue) == before:
            pass
    free.set()
    assert ended(*threads) and "".join(order[:9]) == "abcabcabc"


def test_a_slice_does_all_steps_that_its_seconds_allow():
    steps = iter([True, True, False])
    Gate(1).in_turn(lambda: next(steps), SOON, lambda: None)
    assert next(steps, "none left") == "none left"
    many = []
    Gate(1).in_turn(lambda: many.append(1) or True, 0.0, lambda: None)
    assert len(many) == 1


def test_a_slice_rests_while_somebody_is_answered(somebody, monkeypatch):
    monkeypatch.setattr(pulse, "LONGEST", SOON)
    gate, person, done = somebody
    seen = []
    slice_ = start(lambda: gate.in_turn(lambda: seen.append(person.is_alive()), 0.0, lambda: None))
    slice_.join(0.05)
    done.set()
    assert ended(slice_, person) and seen == [False]


def test_a_slice_goes_on_however_long_answers_take(somebody, monkeypatch):
    monkeypatch.setattr(pulse, "LONGEST", 0.0)
    gate, person, _ = somebody
    seen = []
    slice_ = start(lambda: gate.in_turn(lambda: seen.append(person.is_alive()), 0.0, lambda: None))
    assert ended(slice_) and seen == [True]


def test_a_slice_does_not_wait_for_its_own_run(monkeypatch):
    monkeypatch.setattr(pulse, "LONGEST", SOON)
    gate, done = Gate(1), []

    def run():
        gate.answering()
        gate.in_turn(lambda: done.append(1), 0.0, lambda: None)

    assert ended(start(run)) and done == [1]


def test_a_run_that_ends_while_it_waits_gives_its_place_up(held):
    gate, free = held
    done = []

    class TabClosed(Exception):
        pass

    def closed():
        raise TabClosed

    with pytest.raises(TabClosed):
        gate.in_turn(lambda: done.append("closed"), 0.0, closed)
    other = queued(gate, lambda: done.append("other"))
    free.set()
    assert ended(other) and done == ["other"] and not gate._queue


def test_a_step_that_fails_frees_the_place():
    gate, done = Gate(1), []
    with pytest.raises(ZeroDivisionError):
        gate.in_turn(lambda: 1 / 0, 0.0, lambda: None)
    gate.in_turn(lambda: done.append(1), 0.0, lambda: None)
    assert done == [1]


def test_every_run_of_a_page_and_of_its_live_slider_goes_first(monkeypatch):
    seen = []

    class Noted:
        def __init__(self, place):
            self.place = place

        def answering(self):
            seen.append(self.place)

    for place in ("page", "live"):
        monkeypatch.setattr(f"rnnviz.ui.{place}.gate", Noted(place))
    opened("pages/gradient_flow.py", steps="4", hidden_size="2")
    assert seen[0] == "page" and "live" in seen


def test_many_who_watch_a_run_train_it_once_and_see_it_whole(monkeypatch):
    """Whoever looks at a stage works at its runs or waits: together they make every update once, as one would alone."""
    # A gate of its own: at that of the process, runs of other tests may count as answering still.
    for name, value in (("gate", Gate(1)), ("SLICE", 0.005), ("WAIT", 0.01)):
        monkeypatch.setattr(runs, name, value)
    config = TrainConfig(cell="rnn", hidden_size=3, length=10, networks=2, sequences=2, updates=120)
    watched, alone, seen = {"a": Training(config)}, Training(config), []

    def look():
        while not finished(watched):
            runs.work(watched.values(), lambda: None)
            with runs.at_rest:
                picture, updates = PICTURES["learning"](watched, None), watched["a"].updates
            seen.append((updates, len(picture["data"][1]["x"])))

    assert ended(*[start(look) for _ in range(6)])
    while not alone.finished:
        alone.update()
    assert (watched["a"].weights.flat == alone.weights.flat).all() and (watched["a"].norms == alone.norms).all()
    assert len({updates for updates, _ in seen}) > 3
    # A line of two networks, and a gap after each.
    assert all(points == 2 * (1 + updates // 20 + 1) for updates, points in seen)
