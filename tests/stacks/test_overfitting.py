"""What is done against overfitting, and what shows it: decay, a validation part, early stopping, shuffled labels."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compare import assert_close

from rnnviz import NetworkTrainConfig, Training, from_pytorch
from rnnviz.engine.clip import clip
from rnnviz.engine.optimise import OPTIMISERS, decay
from rnnviz.networks.learn import backward, draw, what_learns

REFERENCE = Path(__file__).parents[1] / "reference"
TRAINED = np.load(REFERENCE / "stack_training.npz")
TEXTBOOK = json.loads((REFERENCE / "keras_textbook.json").read_text(encoding="utf-8"))
MOTIONS = NetworkTrainConfig(
    cell="rnn",
    layers=1,
    hidden_size=6,
    task="motions",
    length=20,
    networks=2,
    sequences=8,
    updates=200,
    precision="float64",
)


def torch_weights(weights, case, when):
    """The weights with PyTorch's numbers."""
    state = {n.removeprefix(f"{when}_"): a for n, a in case.items() if n.startswith(when)}
    V, b_y = state.pop("V"), state.pop("b_y")
    found = weights.like(weights.flat.copy())
    for node, own in from_pytorch("lstm", state)[1].items():
        for name, array in vars(own).items():
            found.arrays[f"{node}.{name}"][0] = array
    found.arrays["read-out.V"][0], found.arrays["read-out.b_y"][0] = V.T, b_y
    return found


@pytest.mark.parametrize("read", ["position", "ends"])
def test_a_stack_of_both_directions_trains_as_pytorch_does_with_adamw(read):
    case = {key.split("/")[1]: TRAINED[key] for key in TRAINED if key.startswith(f"{read}/")}
    config = NetworkTrainConfig(
        cell="lstm", hidden_size=3, directions="both", read=read, networks=1, precision="float64"
    )
    network = what_learns(config, 2, 4, 1)
    weights = torch_weights(draw(network, config, 2, 4), case, "before")
    rate, amount, threshold = (float(TRAINED[name]) for name in ("rate", "decay", "threshold"))
    step, even = OPTIMISERS["adam"](weights.flat), np.full((1, 1, 3), 1 / 3)
    for n, (x, target) in enumerate(zip(case["x"], case["target"])):
        loss, gradient, _ = backward(network, weights, x[:, None], target[None, None], even, False)
        clipped = clip(gradient, "norm", threshold)
        assert_close(loss, case["losses"][n : n + 1], rtol=1e-10)
        assert_close(clipped.norm_before, case["norms"][n : n + 1], rtol=1e-10)
        decay(weights.flat, rate, amount)
        step.step(weights.flat, clipped.gradient, rate)
    expected = torch_weights(weights, case, "after")
    for name, array in expected.arrays.items():
        assert_close(weights.arrays[name], array, rtol=1e-10, name=name)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_decay_is_beside_the_step(optimiser):
    """Of a whole update: the weights lose rate times decay of themselves, and move as they would have."""
    config = replace(MOTIONS, optimiser=optimiser, rate=0.01)
    with_decay, without = Training(replace(config, decay=0.5)), Training(config)
    for training in (with_decay, without):
        training.update()
    moved = without.weights.flat - without.initial.flat
    assert_close(with_decay.weights.flat, 0.995 * with_decay.initial.flat + moved, rtol=1e-12)


def test_with_plain_descent_decay_is_the_square_of_the_weights_in_the_loss():
    rng = np.random.default_rng(0)
    w, g = rng.normal(size=(2, 3, 5))
    one, two = w.copy(), w.copy()
    decay(one, 0.1, 0.3)
    OPTIMISERS["sgd"](one).step(one, g, 0.1)
    OPTIMISERS["sgd"](two).step(two, g + 0.3 * w, 0.1)  # the gradient of 0.3 / 2 |w|^2 is 0.3 w
    assert_close(one, two, rtol=1e-14)


# ---- the parts of a finite data set --------------------------------------------------------------------------------


def test_every_part_is_tested_without_masks():
    training = Training(replace(MOTIONS, validation=0.2, dropout=0.5, places="every", updates=20))
    assert set(training.tests.rules) == {
        part + what for part in ("", "training ", "validation ") for what in ("loss", "accuracy")
    }
    sizes = {part: batch.x.shape[2] for part, batch in training._parts.items()}
    assert sizes == {"": 40, "training ": 32, "validation ": 8}
    plain = Training(replace(MOTIONS, validation=0.2))
    for name in training.tests.rules:
        np.testing.assert_array_equal(training.tests[name], plain.tests[name])
    assert "loss on validation sequences" in repr(training)


def test_what_is_validated_is_not_trained_on():
    training = Training(replace(MOTIONS, validation=0.2, sequences=32))
    apart = {x.tobytes() for part in ("", "validation ") for x in np.moveaxis(training._parts[part].x[:, 0], 1, 0)}
    drawn = {x.tobytes() for _ in range(20) for x in np.moveaxis(training._batch()[0][:, 0], 1, 0)}
    assert len(apart) == 48 and len(drawn) == 32 and not apart & drawn


# ---- early stopping ------------------------------------------------------------------------------------------------


def test_patience_ends_a_network_with_its_best_weights():
    config = replace(MOTIONS, validation=0.3, patience=2, rate=3.0, clip="none", networks=4, updates=400)
    training, seen = Training(config), {}
    training.every = 5
    training.rewind()
    seen[0] = training.weights.flat.copy()
    while not training.finished:
        training.update()
        seen[training.updates] = training.weights.flat.copy()
    assert training.early.any() and training.updates < 400
    at = training.tested
    for k in np.flatnonzero(training.early):
        losses, best = training.tests["validation loss"][:, k], training.best_at[k]
        ended = best + 2 * training.every
        assert best == at[losses[at <= ended].argmin()]
        np.testing.assert_array_equal(training.weights.flat[k], seen[best][k])
        assert (losses[at > ended] == losses[at == best]).all()  # it stays as it was at its best


def test_those_that_run_to_the_end_have_their_best_weights_too():
    training, seen = Training(replace(MOTIONS, validation=0.3, patience=1000, rate=1.0, updates=60)), {}
    seen[0] = training.weights.flat.copy()
    while not training.finished:
        training.update()
        if training.updates < 60:
            seen[training.updates] = training.weights.flat.copy()
    for k, best in enumerate(training.best_at.tolist()):
        if best < 60:
            np.testing.assert_array_equal(training.weights.flat[k], seen[best][k])
        assert (
            training.tests["validation loss"][training.tested == best, k]
            == training.tests["validation loss"][:, k].min()
        )
    assert (training.best_at < 60).any() and not training.early.any()


def test_without_patience_nothing_is_taken_back():
    one, two = Training(replace(MOTIONS, validation=0.3, updates=40)), Training(replace(MOTIONS, validation=0.3))
    for _ in range(40):
        one.update()
        two.update()
    np.testing.assert_array_equal(one.weights.flat, two.weights.flat)
    assert not one.early.any()


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"patience": 3}, "'patience' parameter must be 0 without a validation part"),
        ({"task": "adding", "validation": 0.2}, "'validation' parameter must be 0 for 'adding', whose sequences never"),
        ({"task": "copy", "labels": "shuffled"}, "'labels' parameter must be 'true' for 'copy', whose sequences never"),
        ({"task": "text", "length": 50, "validation": 0.05}, "'validation' parameter must be 0, or large enough"),
    ],
)
def test_what_cannot_be_kept_apart(fields, message):
    with pytest.raises(ValueError, match=message):
        Training(replace(MOTIONS, **fields))


# ---- shuffled labels -----------------------------------------------------------------------------------------------


def test_shuffled_labels_can_be_memorised_and_not_understood():
    """Real runs: the same network has both parts right with the true labels, and its own alone with shuffled ones."""
    learns = {"cell": "gru", "hidden_size": 16, "length": 30, "sequences": 32, "optimiser": "adam", "rate": 0.02}
    right = {}
    for labels in ("true", "shuffled"):
        training = Training(replace(MOTIONS, **learns, labels=labels, updates=120, precision="float32"))
        training.every = 1000
        while not training.finished:
            training.update()
        right[labels] = {name: training.tests[name][-1] for name in ("accuracy", "training accuracy")}
    assert right["true"]["accuracy"].min() > 0.7 and right["true"]["training accuracy"].min() > 0.95
    assert right["shuffled"]["accuracy"].max() < 0.5 and right["shuffled"]["training accuracy"].min() > 0.9


# ---- the network of the textbook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [name for name in TEXTBOOK if name != "keras_version"])
def test_the_textbooks_network_has_as_many_parameters_as_keras_says(case):
    kind, directions = case.split()
    config = NetworkTrainConfig(
        cell=kind, hidden_size=50, directions=directions, read="ends", task="next_sine", networks=1, validation=0.1
    )
    training = Training(config)
    counts, widths = training.network.counts(1), training.network.widths(1)
    expected = TEXTBOOK[case]["counts"]
    of_layers = [sum(n for name, n in counts.items() if name.startswith(f"layer {k}")) for k in (1, 2)]
    assert [*of_layers, counts["read-out"]] == expected
    assert [widths["layer 1"], widths["layer 2"], widths["read-out"]] == [s[-1] for s in TEXTBOOK[case]["shapes"]]
    assert training.probe().outputs["read-out"].shape == (1, 1, 1)
    if case == "lstm forward":
        assert expected == [10_400, 20_200, 51] and sum(expected) == 30_651
