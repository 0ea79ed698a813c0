"""Training: the same run every time, pairs that share what they should, stops that say why, bounded memory."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from compare import assert_close

from rnnviz import CELLS, TrainConfig, Training
from rnnviz.config import BOUNDS, Number
from rnnviz.engine.history import FINITE, History
from rnnviz.explain import shown
from rnnviz.explain_training import clipped
from rnnviz.networks.train import EVERY, TESTED, advance
from rnnviz.sources.tasks import LENGTHS, TASKS

SMALL = TrainConfig(cell="rnn", hidden_size=8, length=10, networks=2, sequences=4, updates=60, precision="float64")


def trained(config, updates, initial=None):
    training = Training(config, initial)
    for _ in range(updates):
        training.update()
    return training


def same(one, two):
    np.testing.assert_array_equal(one.weights.flat, two.weights.flat)
    for name in ("loss", "norm_before", "norm_after", "clipped", "cosine", "log10_dh"):
        np.testing.assert_array_equal(one.history[name], two.history[name])
    for name in ("loss", "accuracy"):
        np.testing.assert_array_equal(one.tests[name], two.tests[name])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_every_task_with_every_kind_of_cell(cell, task):
    for length in LENGTHS[task][::2] if cell == "rnn" else LENGTHS[task][:1]:
        training = trained(replace(SMALL, cell=cell, task=task, length=length), 2)
        assert np.isfinite(training.history["loss"]).all() and training.history["log10_dh"].shape == (
            2,
            2,
            training.task.steps,
        )
        assert ((training.tests["accuracy"] >= 0) & (training.tests["accuracy"] <= 1)).all()


@pytest.mark.parametrize("optimiser", BOUNDS["optimiser"].options)
def test_the_same_run_every_time_and_after_a_rewind(optimiser):
    config = replace(SMALL, optimiser=optimiser)
    one, two = trained(config, 45), trained(config, 45)
    same(one, two)
    two.rewind()
    assert two.updates == 0 and len(two.history) == 0 and len(two.tests) == 1
    np.testing.assert_array_equal(two.weights.flat, two.initial.flat)
    for _ in range(45):
        two.update()
    same(one, two)


def test_a_seed_is_the_same_alone_and_among_others():
    many, one = trained(SMALL, 30), trained(replace(SMALL, seed=1, networks=1), 30)
    assert_close(many.weights.flat[1:], one.weights.flat, rtol=1e-9)
    assert_close(many.history["loss"][:, 1:], one.history["loss"], rtol=1e-9)


def test_a_pair_starts_alike_and_sees_the_same_batches():
    one, two = (trained(replace(SMALL, clip=clip, threshold=0.01), 1) for clip in ("norm", "none"))
    np.testing.assert_array_equal(one.initial.flat, two.initial.flat)
    np.testing.assert_array_equal(one.first.log10_dh, two.first.log10_dh)
    assert (one.history["norm_after"] < two.history["norm_after"]).all()
    assert (one.weights.flat != two.weights.flat).any()
    for a, b in zip(one._batch(), two._batch()):
        np.testing.assert_array_equal(a, b)


def test_what_is_recorded_of_clipping_is_what_was_done():
    training = trained(replace(SMALL, clip="norm", threshold=0.05, rate=0.1), 1)
    moved = np.linalg.norm(training.weights.flat - training.initial.flat, axis=1)
    assert_close(moved, 0.1 * training.history["norm_after"][0], rtol=1e-9)
    assert (training.history["norm_after"] <= 0.05).all() and (training.history["clipped"] == 1).all()


@pytest.mark.parametrize("cell", CELLS)
def test_learning_lowers_the_loss(cell):
    gain = 1.0 / (CELLS[cell].max_slope or 1.0)
    config = replace(SMALL, cell=cell, optimiser="adam", rate=0.02, hidden_size=12, sequences=16, gain=gain)
    training = trained(config, 60)
    assert (training.tests["loss"][-1] < 0.8 * training.tests["loss"][0]).all()


def test_held_out_tests_are_made_every_so_many_updates():
    training = trained(SMALL, 2 * EVERY + 1)
    assert len(training.tests) == 3
    assert training._held_out.x.shape[2] == TESTED


def test_ends_after_its_updates():
    training = Training(replace(SMALL, updates=10))
    assert not advance([training], 60.0) and training.finished and training.updates == 10


def test_two_advance_together():
    one, two = Training(SMALL), Training(replace(SMALL, updates=20))
    assert advance([one, two], 0.0) and one.updates == two.updates == 1
    assert not advance([one, two], 60.0) and (one.updates, two.updates) == (60, 20)


# ---- runs that go wrong --------------------------------------------------------------------------------------------


def exploding(**changes):
    """A linear network whose state, and with it the gradient, grows by 4 at every one of 200 steps."""
    return TrainConfig(
        **{
            "cell": "rnn_identity",
            "init": "identity",
            "gain": 4.0,
            "length": 200,
            "hidden_size": 4,
            "networks": 2,
            "sequences": 2,
            "updates": 20,
            "clip": "none",
            "rate": 1.0,
        }
        | changes
    )


def test_a_state_that_overflows_stops_the_network_with_its_step():
    training = trained(exploding(precision="float32"), 3)
    assert training.finished and set(training.stops) == {0, 1}
    stop = training.stops[0]
    assert (stop.update, stop.cause) == (1, "state") and 50 < stop.step < 80  # 4^64 = 3.4e38
    np.testing.assert_array_equal(training.weights.flat, training.initial.flat)


def test_large_steps_diverge_and_the_last_finite_weights_stay():
    training = trained(exploding(gain=1.0, rate=10.0, precision="float32", length=50, updates=500), 0)
    while not training.finished:
        training.update()
    assert training.stops and all(s.update > 1 for s in training.stops.values())
    assert np.isfinite(training.weights.flat).all()
    assert all(s.cause in ("state", "output", "gradient", "weights") for s in training.stops.values())


def test_one_network_stops_and_the_others_go_on():
    config = replace(SMALL, cell="rnn_identity", rate=1e-3)
    training = Training(replace(config, networks=3))
    training.weights.flat[1] = 1e200
    for _ in range(5):
        training.update()
    assert set(training.stops) == {1} and not training.finished
    alone = trained(replace(config, networks=1), 5)
    assert_close(training.weights.flat[:1], alone.weights.flat, rtol=1e-9)
    assert (training.weights.flat[1] == 1e200).all()
    assert np.isnan(training.history["loss"][-1][1]) and np.isfinite(training.history["loss"][-1][[0, 2]]).all()


@pytest.mark.parametrize("optimiser", BOUNDS["optimiser"].options)
def test_an_update_can_be_left_out(optimiser, monkeypatch):
    from rnnviz.networks import train

    real = train.backward

    def bad_once(*given):
        loss, gradient, recording = real(*given)
        if training.updates == 2:
            gradient[0, 3] = np.inf
        return loss, gradient, recording

    training = Training(replace(SMALL, nonfinite="skip", optimiser=optimiser))
    monkeypatch.setattr(train, "backward", bad_once)
    kept = []
    for _ in range(4):
        kept.append(training.weights.flat.copy())
        training.update()
    assert training.skipped.tolist() == [1, 0] and not training.stops
    np.testing.assert_array_equal(kept[3][0], kept[2][0])
    assert (kept[3][1] != kept[2][1]).any() and (training.weights.flat[0] != kept[3][0]).any()
    stopping = Training(replace(SMALL, nonfinite="stop"))
    training = stopping
    for _ in range(4):
        stopping.update()
    assert stopping.stops[0].cause == "gradient" and stopping.stops[0].update == 3 and 1 not in stopping.stops


# ---- what a run holds on to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("task, length, hidden_size", [("order_2", 200, 64), ("text", 100, 16)])
def test_held_out_sequences_take_little_memory(task, length, hidden_size):
    """Of the largest networks the states of a few steps, and of 64 outputs at every step the outputs alone."""
    typed = "".join(map(chr, range(48, 112))) * 15 if task == "text" else ""
    large = Training(TrainConfig("lstm", hidden_size, task=task, length=length, typed=typed, networks=8))
    tracemalloc.start()
    large._test()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6


def test_history_merges_in_pairs_and_forgets_nothing():
    history = History({"m": ("mean", ()), "l": ("largest", ()), "s": ("smallest", (2,))}, longest=8)
    values = np.random.default_rng(0).normal(size=777)
    for v in values:
        history.add(m=v, l=v, s=[v, -v])
        assert len(history) <= 8
    ends = history.updates
    assert ends[-1] == 777 and (np.diff(ends)[:-1] == history.stride).all() and history.stride == 128
    for start, end, m, top, s in zip([0, *ends[:-1]], ends, history["m"], history["l"], history["s"]):
        part = values[start:end]
        assert_close(m, part.mean(), rtol=1e-9)
        assert top == part.max() and (s == [part.min(), -part.max()]).all()


def test_history_leaves_out_what_is_not_finite():
    history = History({"m": (FINITE, (2,))}, longest=8)
    values = np.random.default_rng(0).normal(size=(777, 2))
    values[np.random.default_rng(1).random(777) < 0.4, 0] = -np.inf
    values[256:512, 1] = -np.inf
    for v in values:
        history.add(m=v)
    for start, end, m in zip([0, *history.updates[:-1]], history.updates, history["m"]):
        for column, found in zip(values[start:end].T, m):
            known = column[np.isfinite(column)]
            assert found == (pytest.approx(known.mean(), rel=1e-9) if known.size else -np.inf)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_gradients_outside_of_the_range_are_on_record(precision):
    """Those of float32 as those of float64, and means of logarithms, not of a floor."""
    config = TrainConfig(
        "rnn",
        task="order_2",
        length=150,
        gain=0.4,
        networks=2,
        hidden_size=8,
        sequences=4,
        updates=600,
        precision=precision,
        rate=1e-6,
    )
    training = trained(config, 300)
    found = training.history["log10_dh"][:, :, 0]
    assert training.history.stride == 2 and (found < -45).all()  # float32 ends at 1.4e-45
    with np.errstate(over="ignore"):
        probes = [training.probe(k, initial=True).log10_dh[0] for k in (0, 1)]
    assert (np.abs(found - probes) < 8).all() and np.ptp(found, axis=0).max() < 8  # other sequences, the same network


def test_norms_and_losses_are_those_of_all_updates():
    config = TrainConfig(
        cell="rnn", task="order_2", length=20, clip="none", rate=0.05, networks=2, hidden_size=6, updates=400, seed=3
    )
    training, norms, losses = Training(config), [], []
    while not training.finished:
        training.update()
        if training.history.stride == 1:
            norms.append(training.history["norm_before"][-1].copy())
            losses.append(training.history["loss"][-1].copy())
    np.testing.assert_array_equal(training.norms[:255], norms)
    np.testing.assert_array_equal(training.losses[:255], losses)
    assert training.norms.shape == training.losses.shape == (400, 2) and training.history.stride == 2
    assert f"the median norm of the gradient is {shown(np.median(training.norms))}," in clipped("a", training)
    assert np.median(training.norms) < np.median(training.history["norm_before"])


def test_a_probe_is_the_same_sequence_through_the_network_before_and_now():
    training = trained(replace(SMALL, cell="lstm"), 20)
    before, now = training.probe(1, initial=True), training.probe(1)
    np.testing.assert_array_equal(before.x, now.x)
    assert (before.gates["f"] != now.gates["f"]).any()
    np.testing.assert_array_equal(now.parameters.U, training.weights.arrays["U"][1])
    assert now.norm_dh[-1] > 0


def test_other_initial_weights():
    first = trained(SMALL, 5)
    second = trained(SMALL, 5, initial=first.weights)
    np.testing.assert_array_equal(second.initial.flat, first.weights.flat)
    assert (second.weights.flat != first.weights.flat).any()
    with pytest.raises(ValueError, match=r"The 'initial' parameter must be weights of 3 networks .* Got 2 networks"):
        Training(replace(SMALL, networks=3), first.weights)


@pytest.mark.parametrize("name", [n for n in TrainConfig.__dataclass_fields__ if n != "cell"])
def test_fields_have_bounds(name):
    bound = BOUNDS[name]
    assert bound.accepts(bound.default)
    bad = [None, float("nan"), "no such thing", [], True] if not hasattr(bound, "longest") else [None, 3, "x" * 9999]
    if isinstance(bound, Number):
        bad += [bound.low - 1, bound.high * 2 + 1]
    for value in bad:
        with pytest.raises(ValueError, match=rf"The '{name}' parameter must be .* Got .* instead\."):
            replace(SMALL, **{name: value})
