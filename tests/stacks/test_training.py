"""Training of networks of any shape: gradients, masks of every update, tests without them, stops, the single layer."""

import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from compare import assert_close

from rnnviz import NetworkTrainConfig, TrainConfig, Training, record_with
from rnnviz.layers import Dropout
from rnnviz.networks import learn
from rnnviz.networks.learn import READOUT, at, backward, by_node, draw, what_learns

SMALL = NetworkTrainConfig(
    cell="lstm", hidden_size=4, length=10, networks=2, sequences=3, updates=40, precision="float64", rate=0.1
)
SHAPES = {
    "two layers": {},
    "own widths": {"widths": (5, 3)},
    "both, last position": {"directions": "both"},
    "both, both ends": {"directions": "both", "read": "ends"},
    "mean": {"cell": "gru", "read": "mean"},
    "residual, normalised": {"layers": 3, "skip": "residual", "norm": "between"},
    "dropout": {"cell": "rnn", "dropout": 0.3},
    "one mask, everywhere": {"dropout": 0.3, "places": "every", "mask": "sequence"},
    "normalised product": {"cell_norm": "product"},
    "normalised sum": {"cell_norm": "sum", "cell": "rnn"},
    "normalised state": {"cell_norm": "state"},
    "peepholes": {"peepholes": "learned"},
    "projection": {"projection": 2, "directions": "both"},
    "recurrent dropout": {"noise": "recurrent", "noise_rate": 0.3},
    "candidate dropout": {"noise": "candidate", "noise_rate": 0.3, "cell": "gru"},
    "zoneout": {"noise": "zoneout", "noise_rate": 0.3},
    "an answer at every step": {"task": "parity", "directions": "both"},
    "values": {"task": "adding", "cell": "gru"},
}


def trained(config, updates, initial=None):
    training = Training(config, initial)
    for _ in range(updates):
        training.update()
    return training


def problem(config, T=5, B=3, D=2, S=1, outputs=3):
    """A network with its weights, and a batch."""
    rng = np.random.default_rng(3)
    network = what_learns(config, D, outputs, S)
    weights = draw(network, config, D, outputs)
    weights.flat[...] += 0.1 * rng.normal(size=weights.flat.shape)
    K = config.networks
    return network, weights, rng.normal(size=(T, K, B, D)), rng.integers(0, outputs, (S, K, B)), rng.random((S, K, B))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_is_the_derivative(shape):
    """By the parameters of every node, along a random direction of each, under the masks of one update."""
    config = replace(SMALL, **{n: v for n, v in SHAPES[shape].items() if n != "task"})
    network, weights, x, target, weight = problem(config)
    network, rng = at(network, 7), np.random.default_rng(0)
    _, gradient, _ = backward(network, weights, x, target, weight, False)
    for name, block in weights.blocks.items():
        direction = rng.normal(size=gradient[:, block].shape)

        def loss(step, block=block, direction=direction):
            moved = weights.like(weights.flat.copy())
            moved.flat[:, block] += step * direction
            return backward(network, moved, x, target, weight, False)[0]

        slope = sum(c * (loss(n * 1e-4) - loss(-n * 1e-4)) for n, c in ((1, 4 / 3), (2, -1 / 6))) / 2e-4
        terms = gradient[:, block] * direction
        error = np.abs(slope - terms.sum(axis=1)) / np.maximum(np.abs(terms).sum(axis=1), 1e-3)
        assert error.max() <= 1e-6, f"{name} is off by {error.max():.1e}"


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_learns_the_same_in_every_run_and_after_a_rewind(shape):
    config = replace(SMALL, **SHAPES[shape])
    one, two = trained(config, 5), trained(config, 7)
    two.rewind()
    for _ in range(5):
        two.update()
    np.testing.assert_array_equal(one.weights.flat, two.weights.flat)
    for name in one.history.rules:
        assert not np.isnan(one.history[name]).any()
        np.testing.assert_array_equal(one.history[name], two.history[name])
    np.testing.assert_array_equal(one.tests["loss"], two.tests["loss"])
    assert (one.weights.flat != one.initial.flat).any()
    second = Training(replace(config, precision="float32"), one.weights)
    second.update()
    assert second.weights.flat.dtype == np.float32 and np.isfinite(second.losses).all()
    alone = trained(replace(config, networks=1, seed=1), 5)
    assert_close(one.weights.flat[1:], alone.weights.flat, rtol=1e-8)


@pytest.mark.parametrize("task", ["order_2", "copy", "adding"])
@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru_2014"])
def test_a_stack_of_one_layer_is_that_layer(cell, networks, task):
    """To the last digit: the same operations in the same order, but for sums over several answers."""
    single = TrainConfig(
        cell=cell,
        hidden_size=5,
        task=task,
        length=12,
        networks=networks,
        sequences=4,
        optimiser="adam",
        updates=30,
        precision="float32" if task != "copy" else "float64",
    )
    one, stack = Training(single), Training(NetworkTrainConfig(**vars(single), layers=1))
    stack.weights.flat[...] = one.weights.flat
    for _ in range(22):
        one.update()
        stack.update()
    same = assert_close if task == "copy" else np.testing.assert_array_equal
    same(stack.weights.flat, one.weights.flat)
    same(stack.losses, one.losses)
    same(stack.history["log10_dh layer 1"], one.history["log10_dh"])
    assert_close(stack.tests["loss"][1:], one.tests["loss"][1:], rtol=1e-5)


@pytest.mark.parametrize("shape", ["both, both ends", "residual, normalised"])
def test_gradients_of_every_node_are_on_record_as_a_trace_has_them(shape):
    config = replace(SMALL, **SHAPES[shape], sequences=1, networks=1)
    training = Training(config)
    x, target, weight = training._batch()
    _, _, trace = backward(training.network, training.weights, x, target, weight, False)
    training._batch = lambda: (x, target, weight)
    training.update()
    for node in training.network.recurrent:
        logs = training.first.log10_dh[f"log10_dh {node.name}"]
        np.testing.assert_array_equal(logs[:, 0], trace.log10_dh[node.name])
        assert_close(10.0 ** logs[:, 0], np.linalg.norm(trace.signals[node.name, "h"].gradient.true, axis=(1, 2)), 1e-9)
        assert_close(training.history[f"log10_dh {node.name}"][0, 0], logs[:, 0], rtol=1e-6)


def test_norms_are_exact_far_outside_of_single_precision():
    """Two layers, each of which takes 1e-60 away over the sequence, in float32, whose numbers end at 1e-45."""
    config = replace(SMALL, cell="rnn_identity", init="identity", gain=0.4, length=200, precision="float32")
    deep = trained(config, 1).first.log10_dh
    exact = trained(replace(config, precision="float64"), 1).first.log10_dh
    for name, logs in deep.items():
        assert logs[0].max() < -70
        assert_close(logs, exact[name], rtol=1e-5)


# ---- masks ---------------------------------------------------------------------------------------------------------


def test_masks_are_drawn_anew_at_each_update_and_by_the_seed():
    dropout = Dropout(0.5, draw=2, seeds=(0, 1))
    x = np.ones((6, 2, 3, 20))
    seen = [dropout.at(update).run({}, x).output for update in (0, 1, 2, 1)]
    np.testing.assert_array_equal(seen[0], dropout.run({}, x).output)  # a recording has the masks of the first update
    np.testing.assert_array_equal(seen[1], seen[3])
    assert all((a != b).any() for a, b in ((seen[0], seen[1]), (seen[1], seen[2])))
    assert (seen[0][:, 0] != seen[0][:, 1]).any() and set(np.unique(seen[1])) == {0.0, 2.0}
    np.testing.assert_array_equal(dropout.at(None).forward({}, x), x)


@pytest.mark.parametrize("fields", [{"dropout": 0.5}, {"noise": "recurrent", "noise_rate": 0.5}])
def test_a_training_takes_other_masks_at_each_update(fields):
    training = Training(replace(SMALL, **fields, rate=1e-6))
    batch = training._batch()
    training._batch = lambda: batch
    for _ in range(3):
        training.update()
    assert np.ptp(training.losses, axis=0).min() > 1e-4


@pytest.mark.parametrize("fields", [{"dropout": 0.5, "places": "every"}, {"noise": "candidate", "noise_rate": 0.5}])
def test_a_test_has_no_masks(fields):
    """The same weights without them give the same answers."""
    noisy, plain = Training(replace(SMALL, **fields)), Training(SMALL)
    np.testing.assert_array_equal(noisy.initial.flat, plain.initial.flat)
    np.testing.assert_array_equal(noisy.tests["loss"], plain.tests["loss"])
    probes = [training.probe(1, sequence=3) for training in (noisy, plain)]
    np.testing.assert_array_equal(probes[0].output, probes[1].output)
    for node in plain.network.recurrent:
        assert_close(probes[0].log10_dh[node.name], probes[1].log10_dh[node.name], rtol=1e-9)


def test_zoneout_in_a_test_is_what_it_is_on_average():
    """Of a linear network, whose output is linear in the masks of each step: the mean over many of them."""
    rng = np.random.default_rng(0)
    config = replace(SMALL, cell="rnn_identity", noise="zoneout", noise_rate=0.3, layers=1, networks=1)
    network = what_learns(config, 2, 3, 1)
    parameters, x = by_node(network, draw(network, config, 2, 3)), rng.normal(size=(6, 1, 2))
    layer = network.nodes[0].layer
    test = layer.at(None).forward(parameters["layer 1"], x)
    drawn = [layer.at(update).forward(parameters["layer 1"], x) for update in range(4000)]
    spread = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - test) < 4.5 * spread + 1e-12).all() and spread.max() > 0
    # By hand: h = 0.3 h + 0.7 (x W + h U + b)
    p, h = parameters["layer 1"], np.zeros((1, 4))
    for row in x:
        h = 0.3 * h + 0.7 * (row @ p.W + h @ p.U + p.b)
    assert_close(test[-1], h, rtol=1e-12)


# ---- what goes wrong, and what may not be --------------------------------------------------------------------------


def test_a_state_that_overflows_stops_its_network_and_says_where():
    config = replace(SMALL, cell="rnn_identity", precision="float32", length=40, networks=3)
    training = Training(config)
    block = training.weights.blocks["layer 2.U"]
    training.weights.flat[1, block] = 1e3 * np.eye(4).ravel()
    for _ in range(3):
        training.update()
    assert set(training.stops) == {1} and training.running.tolist() == [True, False, True]
    stop = training.stops[1]
    assert (stop.update, stop.cause, stop.node) == (1, "state", "layer 2") and 10 < stop.step < 20
    rest = trained(replace(config, networks=1), 3)
    assert_close(training.weights.flat[:1], rest.weights.flat, rtol=1e-4)


def test_a_network_does_not_see_what_it_must_say():
    for task in ("sunspots", "text", "reber"):
        with pytest.raises(ValueError, match=r"'directions' parameter must be 'forward' .* to come\. Got 'both'"):
            Training(replace(SMALL, task=task, length=20, directions="both"))
    for read in ("ends", "mean"):
        with pytest.raises(ValueError, match=r"'read' parameter must be 'position' for 'copy', which asks at 30 pos"):
            Training(replace(SMALL, task="copy", length=10, read=read))


def test_held_out_sequences_take_little_memory():
    large = Training(
        NetworkTrainConfig("lstm", 64, task="order_2", length=200, networks=4, layers=1, directions="both", sequences=2)
    )
    tracemalloc.start()
    large._test()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6


def test_a_few_sequences_at_a_time_give_the_answers_of_all(monkeypatch):
    for K in (1, 2):
        training = trained(replace(SMALL, networks=K, directions="both"), 2)
        x = training._held_out.x
        whole = learn.answers(training.network, training.weights, x, 1)
        monkeypatch.setattr(learn, "AT_ONCE", 0)
        assert_close(learn.answers(training.network, training.weights, x, 1), whole, rtol=1e-12)
        monkeypatch.undo()


def test_a_probe_is_what_the_weights_record():
    """In float64, of one network, as one records them by hand."""
    training = trained(replace(SMALL, precision="float32", directions="both"), 5)
    trace = training.probe(1, sequence=2)
    parameters = by_node(training.network, training.weights.like(training.weights.flat[1:].astype("float64")))
    again = record_with(training.network, parameters, trace.x, trace.output_gradient)
    np.testing.assert_array_equal(again.output, trace.output)
    assert trace.outputs[READOUT].shape == (1, 1, 4) and trace.x.shape == (10, 1, 6)


# ---- large networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["both, both ends", "one mask, everywhere", "zoneout", "an answer at every step"])
def test_what_is_large_goes_through_in_parts_and_comes_out_the_same(shape, monkeypatch):
    config = replace(SMALL, **SHAPES[shape], sequences=5)
    whole = trained(config, 3)
    monkeypatch.setattr(learn, "KEPT", 10 * 8 * learn._numbers_recorded(whole.network) * 2)  # two sequences
    parts = trained(config, 3)
    assert_close(parts.weights.flat, whole.weights.flat, rtol=1e-12)
    for name in whole.history.rules:
        one, other = (training.history[name] for training in (whole, parts))
        np.testing.assert_array_equal(np.isfinite(one), np.isfinite(other))
        assert_close(np.where(np.isfinite(other), other, 0.0), np.where(np.isfinite(one), one, 0.0), rtol=1e-6)


def test_a_state_that_overflows_in_a_part_is_found(monkeypatch):
    monkeypatch.setattr(learn, "KEPT", 0)
    training = Training(replace(SMALL, cell="rnn_identity", precision="float32", length=40, networks=3))
    training.weights.flat[1, training.weights.blocks["layer 2.U"]] = 1e3 * np.eye(4).ravel()
    training.update()
    assert set(training.stops) == {1} and training.stops[1].node == "layer 2" and 10 < training.stops[1].step < 20


def test_nothing_of_an_update_is_left_behind():
    """No cycle keeps its arrays until somebody looks for cycles."""
    training = Training(replace(SMALL, length=100, hidden_size=32, sequences=16, dropout=0.2, norm="between"))
    gc.collect()
    gc.disable()
    try:
        training.update()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(3):
            training.update()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held < 2e6


def test_an_update_of_large_networks_takes_little_memory():
    config = replace(SMALL, hidden_size=64, layers=3, directions="both", length=50, networks=4, sequences=32)
    training = Training(config)
    x, target, weight = training._batch()
    assert 50 * 4 * 8 * 32 * learn._numbers_recorded(training.network) > 3 * learn.KEPT
    tracemalloc.start()
    backward(training.network, training.weights, x, target, weight, False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.4 * learn.KEPT
