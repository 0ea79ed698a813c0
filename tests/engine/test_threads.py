"""Many threads at once: what autograd and the engine give must be what one thread gives, bit for bit."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import autograd.numpy as anp
import networks
import numpy as np
import pytest
from autograd import elementwise_grad, grad, hessian_vector_product, tracer

from rnnviz import CELLS, Config, record, record_many
from rnnviz.engine.threads import isolate_threads

THREADS, RUNS = 8, 30


@pytest.fixture(autouse=True)
def frequent_switches():
    """Let Python change threads as often as it can, so that traces do interleave."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(function, arguments):
    """The results of function(argument), from THREADS threads that start together."""
    start = threading.Barrier(THREADS)
    with ThreadPoolExecutor(THREADS, initializer=start.wait, initargs=(10,)) as pool:
        return list(pool.map(function, arguments))


def network(w, x):
    h = anp.zeros(3)
    for step in x:
        h = anp.tanh(anp.dot(w, h) + step)
    return anp.sum(h**2)


def nested(seed):
    """Derivatives of derivatives: each opens a trace inside another one's.

    Two traces with the same number go unnoticed unless a function differentiated inside reads what is differentiated
    outside, as in `mixed` and `thrice`.
    """
    rng = np.random.default_rng(seed)
    w, v, x = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(4, 3))
    slope = grad(network)
    by_hand = grad(lambda w: anp.sum(slope(w, x) * v))(w)
    product = hessian_vector_product(network)(w, x, v)
    third = elementwise_grad(elementwise_grad(elementwise_grad(lambda a: anp.tanh(a) * anp.sin(a))))(x)
    mixed = grad(lambda x: anp.sum(slope(w, x) * v))(x)
    thrice = grad(lambda a: grad(lambda b: grad(lambda c: anp.sum(anp.tanh(a * b * c)))(b * a))(a))(anp.tanh(x[0, 0]))
    return np.concatenate([by_hand.ravel(), product.ravel(), third.ravel(), mixed.ravel(), [thrice]]).tobytes()


def test_nested_derivatives():
    alone = [nested(seed) for seed in range(THREADS * RUNS)]
    assert len(set(alone)) == len(alone)
    wrong = sum(a != b for a, b in zip(alone, in_threads(nested, range(THREADS * RUNS))))
    assert wrong == 0, f"{wrong} of {len(alone)} differ"


def test_each_thread_has_its_own_trace_stack():
    """One thread waits inside a derivative while another one takes its own: each must see only its own traces."""
    depths, waiting, done = {}, threading.Event(), threading.Event()

    def outer():
        def held(x):
            depths["before"] = tracer.trace_stack.top
            waiting.set()
            assert done.wait(10)
            depths["after"] = tracer.trace_stack.top
            return x**3

        depths["gradient"] = grad(held)(2.0)

    thread = threading.Thread(target=outer)
    thread.start()
    assert waiting.wait(10)
    seen = []

    def look(x):
        seen.append(tracer.trace_stack.top)
        return x**2

    try:
        assert tracer.trace_stack.top == -1
        assert grad(look)(3.0) == 6.0
        assert seen == [0]
    finally:
        done.set()
        thread.join()
    assert seen == [0] and depths == {"before": 0, "after": 0, "gradient": 12.0}
    assert tracer.trace_stack.top == -1


def test_that_test_sees_a_stack_shared_by_all(monkeypatch):
    monkeypatch.setattr(tracer, "trace_stack", tracer.TraceStack())
    with pytest.raises(AssertionError):
        test_each_thread_has_its_own_trace_stack()


def test_isolate_threads(monkeypatch):
    """It is in force, a second time changes nothing, and a stack that is not the plain one is left alone."""
    assert isinstance(tracer.trace_stack, threading.local) and isinstance(tracer.trace_stack, tracer.TraceStack)
    own = tracer.trace_stack
    isolate_threads()
    assert tracer.trace_stack is own
    monkeypatch.setattr(tracer, "trace_stack", tracer.TraceStack())
    isolate_threads()
    assert isinstance(tracer.trace_stack, threading.local)
    once = tracer.trace_stack
    isolate_threads()
    assert tracer.trace_stack is once

    class Other(tracer.TraceStack):
        pass

    other = Other()
    monkeypatch.setattr(tracer, "trace_stack", other)
    isolate_threads()
    assert tracer.trace_stack is other


def recorded(job):
    cell, seed = job
    config = Config(cell, steps=40, hidden_size=6, batch_size=2, loss="every", gain=0.3 + seed / 4, seed=seed)
    everything = networks.flat(record(config) if seed % 2 else record_many([config, replace(config, gain=0.1)]))
    return {name: array.tobytes() for name, array in ((n, np.asarray(a)) for n, a in everything.items())}


def test_record():
    jobs = [(cell, seed) for seed in range(THREADS) for cell in CELLS]
    alone = [recorded(job) for job in jobs]
    for job, one, other in zip(jobs, alone, in_threads(recorded, jobs)):
        assert one == other, job


def test_one_recording_read_from_threads():
    """What a recording computes when first asked is the same for all who ask at once."""
    for cell in CELLS:
        config = Config(cell, steps=40, hidden_size=6, loss="every")
        alone = {n: np.asarray(a).tobytes() for n, a in networks.flat(record(config)).items()}
        shared = record(config)
        for other in in_threads(lambda _, r=shared: networks.flat(r), range(THREADS)):
            assert {n: np.asarray(a).tobytes() for n, a in other.items()} == alone


def test_an_equation_that_fails_leaves_no_trace_behind():
    before = tracer.trace_stack.top
    with pytest.raises(RuntimeError), tracer.trace_stack.new_trace():
        raise RuntimeError
    assert tracer.trace_stack.top == before
