"""A layer with its read-out: loss, gradient and whole updates against PyTorch and finite differences."""

from pathlib import Path

import numpy as np
import pytest
from compare import assert_close

from rnnviz import CELLS, Parameters, TrainConfig
from rnnviz.cells import find
from rnnviz.engine import network
from rnnviz.engine.clip import clip
from rnnviz.engine.network import LAYER, Weights, backward, draw, forward, losses
from rnnviz.engine.optimise import OPTIMISERS

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "training.npz")
RUNS = sorted({key.split("/")[1] for key in REFERENCE if key.startswith("run/")})


def torch_weights(cell, case, when):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layer = Parameters.from_pytorch(cell, *(case[f"{when}_{n}"] for n in names))
    arrays = {n: getattr(layer, n)[None] for n in LAYER}
    return Weights.of(arrays | {"V": case[f"{when}_V"].T[None], "b_y": case[f"{when}_b_y"][None]})


@pytest.mark.parametrize("name", RUNS)
def test_updates_as_pytorch_makes_them(name):
    case = {key.split("/")[2]: REFERENCE[key] for key in REFERENCE if key.startswith(f"run/{name}/")}
    cell, optimiser, method, kind = name.split("-")
    weights = torch_weights(cell, case, "before")
    step = OPTIMISERS[optimiser](weights.flat)
    for n in range(len(case["losses"])):
        x, target, weight = (case[key][n][:, None] for key in ("x", "target", "weight"))
        loss, gradient, _ = backward(find(cell), weights, x, target, weight, kind == "real")
        clipped = clip(gradient, method, float(case["threshold"]), tuple(weights.blocks.values()))
        assert_close(loss, case["losses"][n : n + 1], rtol=1e-10)
        assert_close(clipped.norm_before, case["norms"][n : n + 1], rtol=1e-10)
        step.step(weights.flat, clipped.gradient, float(case["rate"]))
    expected = torch_weights(cell, case, "after")
    for block, array in expected.arrays.items():
        assert_close(weights.arrays[block], array, rtol=1e-10, name=block)
    assert (expected.flat != torch_weights(cell, case, "before").flat).any()


def problem(cell, real, seed=0, K=2, T=5, B=3, D=2, S=3):
    rng = np.random.default_rng(seed)
    config = TrainConfig(cell=cell, hidden_size=4, networks=K, precision="float64", seed=seed)
    weights = draw(config, D, 1 if real else 3)
    weights.flat[...] += 0.1 * rng.normal(size=weights.flat.shape)
    target = rng.normal(size=(S, K, B)) if real else rng.integers(0, 3, (S, K, B))
    weight = rng.uniform(size=(S, K, B))
    return weights, rng.normal(size=(T, K, B, D)), target, weight


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_every_weight_against_finite_differences(cell, real):
    weights, x, target, weight = problem(cell, real)
    _, gradient, _ = backward(find(cell), weights, x, target, weight, real)
    slope = np.empty_like(gradient)
    for p in range(gradient.shape[1]):
        ends = []
        for step in (1e-6, -1e-6):
            moved = weights.like(weights.flat.copy())
            moved.flat[:, p] += step
            ends.append(losses(forward(find(cell), moved, x, len(target))[1], target, weight, real))
        slope[:, p] = (ends[0] - ends[1]) / 2e-6
    for block in weights.blocks.values():
        assert_close(gradient[:, block], slope[:, block], rtol=2e-7)


@pytest.mark.parametrize("cell", CELLS)
def test_networks_side_by_side_are_the_networks_alone(cell):
    weights, x, target, weight = problem(cell, False, K=3)
    loss, gradient, _ = backward(find(cell), weights, x, target, weight, False)
    for k in range(3):
        one = slice(k, k + 1)
        alone = backward(find(cell), weights.like(weights.flat[one]), x[:, one], target[:, one], weight[:, one], False)
        assert_close(alone[0], loss[one], rtol=1e-13)
        assert_close(alone[1], gradient[one], rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_single_precision_is_the_same_but_for_rounding(cell):
    weights, x, target, weight = problem(cell, False)
    loss, gradient, recording = backward(find(cell), weights, x, target, weight, False)
    single = backward(
        find(cell),
        weights.like(weights.flat.astype("float32")),
        x.astype("float32"),
        target,
        weight.astype("float32"),
        False,
    )
    assert single[1].dtype == np.float32 and single[2].h.dtype == np.float32 and single[2].dh.dtype == np.float32
    assert_close(single[0], loss, rtol=1e-5)
    assert_close(single[1], gradient, rtol=1e-5)
    assert_close(single[2].log10_dh, recording.log10_dh, rtol=1e-5)


@pytest.mark.parametrize("outputs", [1, 5, 23])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru_2014"])
def test_answers_with_few_steps_kept_are_those_of_the_whole(cell, outputs, monkeypatch):
    for K in (1, 3):
        weights, x, _, _ = problem(cell, False, K=K, T=23)
        _, y = forward(find(cell), weights, x, outputs)
        for kept in (0, 3000, 2**25):  # one step, some, all
            monkeypatch.setattr(network, "AT_ONCE", kept)
            assert_close(network.answers(find(cell), weights, x, outputs), y, rtol=1e-12)


def test_large_outputs_do_not_overflow_the_loss():
    y, target, weight = np.array([[[[1000.0, 0.0]]], [[[-1000.0, 0.0]]]]), np.array([[[0]], [[0]]]), np.ones((2, 1, 1))
    assert_close(losses(y, target, weight, False), np.array([1000.0]), rtol=1e-12)


def test_drawn_weights_belong_to_their_seed():
    many = draw(TrainConfig(seed=3, networks=3), 2, 4)
    one = draw(TrainConfig(seed=4, networks=1), 2, 4)
    np.testing.assert_array_equal(many.flat[1], one.flat[0])
    assert (many.flat[0] != many.flat[1]).any()
