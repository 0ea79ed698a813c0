"""Cells made from cells: normalised, with peepholes, dropout or zoneout. By hand, by differences, by closed forms."""

import numpy as np
import pytest
from compare import assert_close
from networks import central_difference

from rnnviz import CELLS, NetworkConfig, Parameters, record, record_many, record_with, stacked
from rnnviz.cells import Cell, find
from rnnviz.cells.base import tanh
from rnnviz.cells.variants import normalised, peephole, projected, recurrent_dropout, variant, zoneout
from rnnviz.engine import links
from rnnviz.engine.anatomy import step_jacobians
from rnnviz.engine.inside import inside
from rnnviz.papers.dropout import unit, written
from rnnviz.papers.normalisation import TABLE_1, gain_of, growth, one_step, unseen

SIGMOID = staticmethod(lambda a: 1 / (1 + np.exp(-a))).__func__


def all_variants():
    """(name, place, peepholes, noise) of everything that makes sense, and of what is refused."""
    for name, cell in CELLS.items():
        for place in ("none", "product", "sum", "state"):
            for peepholes in (False, True):
                for noise in ("none", "recurrent", "candidate", "zoneout"):
                    if (place, peepholes, noise) != ("none", False, "none"):
                        yield cell, name, place, peepholes, noise


def made(name, place, peepholes, noise):
    try:
        return variant(find(name), place, peepholes, noise)
    except ValueError as error:
        assert " must " in str(error) and "Got" in str(error)
        return None


POSSIBLE = [case[1:] for case in all_variants() if made(*case[1:]) is not None]


def test_what_makes_no_sense_is_refused():
    refused = {case[1:] for case in all_variants()} - set(POSSIBLE)
    for name, cell in CELLS.items():
        memory = "c" in cell.states
        assert ((name, "state", False, "none") in refused) != memory
        assert ((name, "none", True, "none") in refused) != memory
        assert ((name, "product", False, "none") in refused) == bool(cell.multiplied)
        assert ((name, "sum", False, "none") in refused) == (cell.family == "gru")
        assert ((name, "none", False, "candidate") in refused) != bool(cell.opens)
        assert ((name, "none", False, "recurrent") in refused) == bool(cell.multiplied)
        assert (name, "none", False, "zoneout") in POSSIBLE


def random_network(cell, rng, both=False, size=2, **other):
    network = stacked(cell, size, [4], both=both, **other)
    weights = {
        n: {p: rng.normal(size=s) * 0.7 for p, s in shapes.items()} for n, shapes in network.shapes(size).items()
    }
    return network, weights


@pytest.mark.parametrize("place", ["none", "product", "sum", "state"])
@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if "c" in cell.states])
def test_every_gradient_of_a_projected_state(name, place):
    cell = variant(find(name), place, peepholes=place == "sum", noise="candidate", project=True)
    check_differences(cell, name, outputs=3, both=True, noise=0.3)


@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if "c" not in cell.states])
def test_what_cannot_be_projected_is_refused(name):
    with pytest.raises(ValueError, match="projected"):
        projected(find(name))
    with pytest.raises(ValueError, match="'outputs'"):
        stacked(name, 2, [4], outputs=3)


def run(network, weights, x, dy):
    given = {
        n.name: weights[n.name] if n.layer.cell.learned(1) else Parameters(**weights[n.name]) for n in network.recurrent
    }
    return record_with(network, given, x, dy)


def by_name(gradients):
    return gradients if isinstance(gradients, dict) else vars(gradients)


@pytest.mark.parametrize("name, place, peepholes, noise", POSSIBLE)
def test_every_gradient_is_the_derivative(name, place, peepholes, noise):
    check_differences(made(name, place, peepholes, noise), name, both=place == "product", noise=0.4)


def check_differences(cell, name, **other):
    """Assert that every gradient is the derivative along a random direction."""
    rng = np.random.default_rng(len(cell.name))
    network, weights = random_network(cell, rng, **other)
    x, dy = rng.normal(size=(6, 2, 2)), rng.normal(size=(6, 2, network.widths(2)["layer 1"]))
    trace = run(network, weights, x, dy)
    found = {(n, p): a for n, own in trace.gradients.items() for p, a in by_name(own).items()}
    assert set(found) == {(n, p) for n, own in weights.items() for p in own}
    step = 1e-4 if "relu" not in name else 1e-6  # relu is smooth only between its kinks
    for key, gradient in {**found, ("x", None): trace.dx}.items():
        direction = rng.normal(size=gradient.shape)

        def loss(s, key=key, direction=direction):
            node, p = key
            moved = weights if p is None else weights | {node: weights[node] | {p: weights[node][p] + s * direction}}
            return float((run(network, moved, x + s * direction if p is None else x, dy).output * dy).sum())

        error = abs(central_difference(loss, step) - (gradient * direction).sum())
        assert error <= 1e-6 * max(np.abs(gradient * direction).sum(), 1e-2), f"{key} is off by {error:.1e}"


# ---- by hand ---------------------------------------------------------------------------------


def layer_norm(v, scale, shift):
    return scale * (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-5) + shift


@pytest.mark.parametrize("place", ["product", "sum", "state"])
def test_the_normalised_lstm_by_hand(place):
    rng = np.random.default_rng(0)
    network, weights = random_network(normalised(find("lstm"), place), rng)
    x = rng.normal(size=(5, 2, 2))
    trace, p = run(network, weights, x, np.zeros((5, 2, 4))), weights["layer 1"]
    h = c = np.zeros((2, 4))
    for t in range(5):
        product, recurrent = x[t] @ p["W"], h @ p["U"]
        if place == "product":
            product = layer_norm(product, p["scale_x"], p["shift_x"])
            recurrent = layer_norm(recurrent, p["scale_u"], p["shift_u"])
        a = product + p["b"] + recurrent + p["b_rec"]
        a = layer_norm(a, p["scale_a"], p["shift_a"]) if place == "sum" else a
        g, i, f, o = np.split(a, 4, axis=-1)
        c = SIGMOID(f) * c + SIGMOID(i) * np.tanh(g)
        h = SIGMOID(o) * np.tanh(layer_norm(c, p["scale_m"], p["shift_m"]) if place == "state" else c)
        assert_close(trace.output[t], h, rtol=1e-12)


def test_peepholes_by_hand():
    rng = np.random.default_rng(1)
    network, weights = random_network(peephole(find("lstm")), rng)
    x = rng.normal(size=(5, 2, 2))
    trace, p = run(network, weights, x, np.zeros((5, 2, 4))), weights["layer 1"]
    h = c = np.zeros((2, 4))
    for t in range(5):
        g, i, f, o = np.split(x[t] @ p["W"] + p["b"] + h @ p["U"] + p["b_rec"], 4, axis=-1)
        c = SIGMOID(f + p["p_f"] * c) * c + SIGMOID(i + p["p_i"] * c) * np.tanh(g)
        h = SIGMOID(o + p["p_o"] * c) * np.tanh(c)
        assert_close(trace.output[t], h, rtol=1e-12)


# ---- normalisation ---------------------------------------------------------------------------


@pytest.fixture
def exact(monkeypatch):
    """Nothing is added to the variance."""
    monkeypatch.setattr(links, "EPSILON", 0.0)


def test_what_a_normalised_layer_does_not_see(exact):
    """Ba, Kiros and Hinton 2016, Table 1, the row of layer normalisation."""
    rng = np.random.default_rng(2)
    W, x = rng.normal(size=(3, 5)), rng.normal(size=(4, 3))
    assert unseen(W, x, atol=1e-10) == TABLE_1
    dW = one_step(W, x)[1]
    assert_close(one_step(5.0 * W, x)[1], dW / 5.0, rtol=1e-9)  # weights that grow slow their own learning


def test_the_gain_goes_dead():
    """With the recurrent product normalised dh_T/dh_1 does not depend on it at all, from 0.01 to 100."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "EPSILON", 1e-300)  # h_0 = 0 has no variance
        one, _ = gain_of(1.0)
        for gain in (0.01, 0.1, 10.0, 100.0):
            assert_close(gain_of(gain)[0], one, rtol=1e-11)
    plain = [
        record(NetworkConfig("rnn", layers=1, steps=31, gain=g, hidden_size=16)).log10_dh["layer 1"][0]
        for g in (0.1, 1.0)
    ]
    assert plain[1] - plain[0] > 10


def test_the_growth_of_a_normalised_network():
    """Between 0.03 and 0.10 a step for any gain, where mean field theory has 1/2 ln(.464403/.394294) = .0818."""
    for seed in range(2):
        found = [growth(gain, seed) for gain in (0.3, 1.0, 10.0)]
        assert min(found) > 0.03 and max(found) < 0.10 and max(found) - min(found) < 0.015


# ---- noise inside the step -------------------------------------------------------------------


@pytest.mark.parametrize("once", [False, True])
def test_dropout_on_a_memory(once):
    """dh_T/dh_t is w^n times the masks on the way; with one mask for all steps its mean is w^n q^(1-n), not w^n."""
    w, rate, n = 0.9, 0.2, 12
    trace = unit(recurrent_dropout(find("rnn_identity")), w, 128, noise=rate, once=once)
    masks, dh = trace.signals["layer 1", "m_h"].value, trace.signals["layer 1", "h"].gradient.true
    assert_close(dh[0], w**n * masks[1:].prod(axis=0), rtol=1e-12)
    assert set(np.unique(masks)) == {0.0, 1 / (1 - rate)} and (masks == masks[0]).all() == once
    if once:
        assert abs(dh[0].mean() / (w**n * (1 - rate) ** (1 - n)) - 1) < 0.05
    else:
        assert abs((dh[0] > 0).mean() / (1 - rate) ** n - 1) < 0.2


def test_zoneout_keeps_the_gradient():
    """E dh_T/dh_0 = (z + (1-z) w)^n and its second moment (z + (1-z) w^2)^n."""
    z, w, n = 0.3, 0.5, 12
    trace = unit(zoneout(find("rnn_identity")), w, 128, noise=z)
    masks, dh = trace.signals["layer 1", "m_h"].value, trace.signals["layer 1", "h"].gradient.true
    assert set(np.unique(masks)) == {0.0, 1.0} and abs(masks.mean() - z) < 0.01
    assert_close(dh[0], np.prod(masks[1:] + (1 - masks[1:]) * w, axis=0), rtol=1e-12)
    assert abs(dh[0].mean() / (z + (1 - z) * w) ** n - 1) < 0.15
    assert abs((dh[0] ** 2).mean() / (z + (1 - z) * w**2) ** n - 1) < 0.4


def test_dropout_on_the_candidate_meets_a_memory_once():
    """What x_t wrote into c has met one mask, m_t, whatever the lag."""
    trace, factors = written()
    assert_close(factors, trace.signals["layer 1", "m_d"].value[:, 0, 2], rtol=1e-12)
    dc = trace.signals["layer 1", "c"].gradient.true[:, 0, 2]
    np.testing.assert_allclose(dc, dc[-1], rtol=1e-14)


# ---- as configurations -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"cell_norm": "product", "directions": "both"},
        {"cell_norm": "sum", "peepholes": "learned"},
        {"cell_norm": "state", "noise": "zoneout", "mask": "sequence"},
        {"noise": "recurrent", "dropout": 0.3},
        {"noise": "candidate", "skip": "residual", "widths": (3, 3)},
    ],
    ids=str,
)
def test_an_ensemble_is_its_members(fields):
    configs = [
        NetworkConfig("lstm", steps=6, hidden_size=4, batch_size=2, gain=g, seed=s, noise_rate=0.3, **fields)
        for s, g in enumerate((0.5, 1.0, 2.0))
    ]
    many = record_many(configs)
    for k, config in enumerate(configs):
        alone = record(config)
        assert_close(many.output[:, k], alone.output, rtol=1e-12)
        for name, own in alone.gradients.items():
            for p, array in by_name(own).items():
                assert_close(by_name(many.gradients[name])[p][k], array, rtol=1e-10, name=f"{name} {p}")


@pytest.mark.parametrize("fields", [{"cell_norm": "sum"}, {"projection": 2}], ids=str)
def test_the_jacobian_of_a_step_that_mixes_units_is_refused(fields):
    recording = record(NetworkConfig("lstm", layers=1, steps=5, hidden_size=3, **fields)).recordings["layer 1"]
    for question in (step_jacobians, lambda r: inside(r, 1)):
        with pytest.raises(ValueError, match="normalises and projects nothing"):
            question(recording)


@pytest.mark.parametrize("name, place, peepholes, noise", [case for case in POSSIBLE if case[1] == "none"])
def test_what_is_asked_of_a_step_knows_its_masks_and_vectors(name, place, peepholes, noise):
    """The Jacobians multiply to the gradient by the initial state, and a unit's own gradients are the recording's."""
    rng = np.random.default_rng(6)
    network, weights = random_network(made(name, place, peepholes, noise), rng, noise=0.4)
    dy = np.zeros((6, 1, 4))
    dy[-1] = rng.normal(size=(1, 4))
    recording = run(network, weights, rng.normal(size=(6, 1, 2)), dy).recordings["layer 1"]
    states = recording.cell.states
    back = np.concatenate([dy[-1, 0], np.zeros(4 * (len(states) - 1))])
    for jacobian in step_jacobians(recording)[::-1]:
        back = back @ jacobian
    assert_close(back, np.concatenate([recording.initial_gradient[s][0] for s in states]), rtol=1e-10)
    own = inside(recording, 2)
    for k, gate in enumerate(recording.cell.gates):
        key = f"a_{gate}" if f"a_{gate}" in own.gradients else f"u_{gate}"
        assert_close(own.gradients[key] * 2.0**own.exponent, recording.back.gates[:, 0, 4 * k + 1], rtol=1e-10)


@pytest.mark.parametrize(
    "normal, equations",
    [
        ({"m": "q"}, {"h": tanh}),
        ({"h": "h"}, {"h": tanh}),
        ({"u": "h"}, {"h": tanh}),
        ({"a": "a"}, {"h": lambda x_h, u_h: tanh(x_h + u_h)}),
    ],
    ids=["unknown", "its own name", "another's", "in parts"],
)
def test_what_cannot_be_normalised_is_refused(normal, equations):
    with pytest.raises(ValueError, match=r"The cell 'bad' must .* Got"):
        Cell(
            name="bad",
            title="",
            family="",
            gates=("h",),
            states=("h",),
            equations=equations,
            latex={},
            normalised=normal,
        )


def test_a_gradient_outside_float64_from_a_layer_above_is_not_taken_for_0():
    config = dict(layers=2, steps=900, gain=0.1, hidden_size=3, input="impulse")
    trace = record(NetworkConfig("rnn_identity", **config))
    lower = trace.recordings["layer 1"]
    assert lower.log10_dh[0] < -800 and lower.entering is not None
    with pytest.raises(ValueError, match="within float64"):
        step_jacobians(lower)
    step_jacobians(record(NetworkConfig("rnn_identity", **config | {"steps": 20})).recordings["layer 1"])
    assert_close(
        10.0 ** (lower.last_loss.log10_dh[-3:] - lower.last_loss.log10_dh[-1]),
        10.0
        ** (
            record_with(
                "rnn_identity",
                lower.parameters,
                lower.x,
                np.concatenate([np.zeros((899, 1, 3)), lower.output_gradient[-1:]]),
            ).log10_dh[-3:]
            - lower.log10_dh[-1]
        ),
        1e-12,
    )


EVERYTHING = (
    "h",
    "c",
    "gates",
    "preactivations",
    "dh",
    "dc",
    "dx",
    "log10_dh",
    "gradients",
    "initial_gradient",
    "log10_shares",
    "shares",
    "spectra",
    "log10_bound",
    "slope",
    "overflow_step",
    "last_loss",
)


@pytest.mark.parametrize("name, place, peepholes, noise", POSSIBLE)
def test_all_of_a_recording_can_be_read(name, place, peepholes, noise):
    """And the gradients by W and U are each step's terms: of two steps with x_1 = 0 and h_0 = 0, the second's alone."""
    rng = np.random.default_rng(3)
    cells = [made(name, place, peepholes, noise)]
    if "c" in cells[0].states and noise in ("none", "candidate"):
        cells.append(projected(cells[0]))
    for cell in cells:
        network, weights = random_network(cell, rng, noise=0.4)
        weights["layer 1"] |= {"shift_x": np.zeros_like(weights["layer 1"]["b"])} if place == "product" else {}
        x = np.stack([np.zeros((1, 2)), rng.normal(size=(1, 2))])
        recording = run(network, weights, x, rng.normal(size=(2, 1, 4))).recordings["layer 1"]
        for what in EVERYTHING:
            getattr(recording, what)
        assert "gradients.U" in repr(recording) and "U" in repr(recording.gradients)
        assert recording.log10_bound is None or noise == "none"
        for p in ("W", "U"):
            norm = np.linalg.norm(getattr(recording.gradients, p))
            assert abs(10.0 ** recording.log10_shares[p][1] - norm) <= 1e-10 * norm
