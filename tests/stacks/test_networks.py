"""Networks: every gradient against differences, a layer is one class, ensembles, and what a trace holds."""

from decimal import Decimal, localcontext

import autograd.numpy as anp
import networks
import numpy as np
import pytest
from compare import assert_close

from rnnviz import (
    CELLS,
    Config,
    Network,
    NetworkConfig,
    Parameters,
    Trace,
    from_pytorch,
    record,
    record_many,
    record_with,
    stacked,
)
from rnnviz.layers import Join, Layer, Linear, Recurrent, Sum
from rnnviz.networks import Node
from rnnviz.networks.record import record_each


class Convolution(Layer):
    """y_t = x_t K0 + x_{t-lag} K1: a layer of a reader's own, which mixes the steps."""

    def __init__(self, lag):
        self.lag = lag

    def shapes(self, widths):
        return {"K0": (widths[0], widths[0]), "K1": (widths[0], widths[0])}

    def forward(self, p, x):
        late = anp.concatenate([anp.zeros_like(x[: self.lag]), x[: -self.lag]])
        return anp.matmul(x, p["K0"]) + anp.matmul(late, p["K1"])


def own():
    """A network with a node of every kind, one of which nobody reads."""
    return Network(
        (
            Node("a", Recurrent("gru", 3), ("x",)),
            Node("b", Recurrent("lstm", 2, reverse=True), ("x",)),
            Node("idle", Recurrent("rnn", 2), ("a",)),
            Node("ab", Join(), ("a", "b")),
            Node("mixed", Convolution(2), ("ab",)),
            Node("past", Sum(), ("mixed", "ab", "ab")),
            Node("c", Recurrent("lstm", 4), ("past",)),
            Node("y", Linear(3), ("c",)),
        )
    )


MANY = {
    "own": own,
    "everything between": lambda: stacked("lstm", 2, (4, 3, 2), both=True, skip=True, norm=True, dropout=0.3),
    "residual": lambda: stacked("gru", 2, (2, 2, 2), skip=True, dropout=0.5, places="every", once=True),
    "own widths": lambda: stacked("rnn", 2, (5, 1, 3), norm=True),
} | {f"two of {cell}": lambda cell=cell: stacked(cell, 2, (3, 4), both=True) for cell in CELLS}


def random_parameters(network, rng, size=2):
    return {
        name: {n: rng.normal(size=s) * 0.6 for n, s in shapes.items()} for name, shapes in network.shapes(size).items()
    }


def as_parameters(network, arrays):
    recurrent = {n.name for n in network.recurrent}
    return {name: Parameters(**own) if name in recurrent else own for name, own in arrays.items()}


@pytest.mark.parametrize("name", MANY)
def test_every_gradient_is_the_derivative(name):
    """By every parameter of every node, and by the input, along a random direction."""
    network, rng = MANY[name](), np.random.default_rng(len(name))
    weights, x = random_parameters(network, rng), rng.normal(size=(7, 2, 2))
    dy = rng.normal(size=(7, 2, network.widths(2)[network.output]))
    trace = record_with(network, as_parameters(network, weights), x, dy)
    found = {
        (n, p): a
        for n, own in trace.gradients.items()
        for p, a in (own if isinstance(own, dict) else vars(own)).items()
        if isinstance(a, np.ndarray)
    }
    assert set(found) == {(n, p) for n, shapes in network.shapes(2).items() for p in shapes}
    step = 1e-3 if "relu" not in name else 1e-6  # relu is smooth only between its kinks
    for key, gradient in {**found, ("x", None): trace.dx}.items():
        direction = rng.normal(size=gradient.shape)

        def loss(s, key=key, direction=direction):
            node, p = key
            moved = weights if p is None else weights | {node: weights[node] | {p: weights[node][p] + s * direction}}
            at = x + s * direction if p is None else x
            return float((record_with(network, as_parameters(network, moved), at, dy).output * dy).sum())

        terms = gradient * direction
        error = abs(networks.central_difference(loss, step) - terms.sum())
        assert error <= 1e-7 * max(np.abs(terms).sum(), 1e-3), f"{key} is off by {error:.1e}"


def test_a_layer_that_mixes_steps_is_exact_far_outside_float64():
    """Two linear units with a convolution between them: its gradients in decimal arithmetic."""
    steps, lag, w, k0, k1 = 1000, 8, 0.1, 0.3, -0.7
    network = Network(
        (
            Node("a", Recurrent("rnn_identity", 1), ("x",)),
            Node("b", Convolution(lag), ("a",)),
            Node("c", Recurrent("rnn_identity", 1), ("b",)),
        )
    )
    unit = Parameters(np.ones((1, 1)), np.full((1, 1), w), np.zeros(1), np.zeros(1))
    dy = np.zeros((steps, 1, 1))
    dy[-1] = 1.0
    kernel = {"K0": np.full((1, 1), k0), "K1": np.full((1, 1), k1)}
    trace = record_with(network, {"a": unit, "b": kernel, "c": unit}, np.zeros((steps, 1, 1)), dy)
    with localcontext() as context:
        context.prec = 40
        upper = [Decimal(w) ** n for n in range(steps)][::-1]
        into = [Decimal(k0) * upper[t] + (Decimal(k1) * upper[t + lag] if t + lag < steps else 0) for t in range(steps)]
        carried, logs = Decimal(0), []
        for value in reversed(into):
            carried = value + Decimal(w) * carried
            logs.insert(0, float(abs(carried).log10()))
    assert np.abs(trace.log10_dh["a"] - logs).max() < 1e-9 and logs[0] < -980
    assert trace.gradients["b"]["K0"].shape == (1, 1)


@pytest.mark.parametrize("cell", CELLS)
def test_a_network_of_one_layer_is_that_layer(cell):
    fields = dict(steps=8, hidden_size=3, batch_size=2, seed=4)
    one, trace = record(Config(cell, **fields)), record(NetworkConfig(cell, layers=1, **fields))
    of_layer = trace.recordings["layer 1"]
    np.testing.assert_array_equal(trace.output, one.h)
    np.testing.assert_array_equal(of_layer.dh, one.dh)
    np.testing.assert_array_equal(of_layer.gradients.U, one.gradients.U)
    np.testing.assert_array_equal(trace.dx, one.dx)
    np.testing.assert_array_equal(trace.loss, one.loss)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"directions": "both", "skip": "residual", "norm": "between"},
        {"dropout": 0.5, "places": "every"},
        {"widths": (4, 2)},
    ],
    ids=str,
)
def test_an_ensemble_is_its_members(fields):
    configs = [
        NetworkConfig("lstm", steps=6, hidden_size=3, batch_size=2, gain=g, seed=s, **fields)
        for s, g in enumerate((0.5, 1.0, 2.0))
    ]
    together, x = record_many(configs), record(configs[0]).x
    shared = record_many(configs, inputs=x)
    for k, config in enumerate(configs):
        for many, alone in ((together, record(config)), (shared, record(config, inputs=x))):
            assert_close(many.output[:, k], alone.output, rtol=1e-12)
            for arrow, logs in alone.log10_arrows.items():
                networks.assert_logs(many.log10_arrows[arrow][:, k], logs, name=str(arrow))
            for name, own in alone.gradients.items():
                for p, a in (own if isinstance(own, dict) else networks.as_dict(own)).items():
                    theirs = many.gradients[name]
                    theirs = theirs[p] if isinstance(theirs, dict) else getattr(theirs, p)
                    assert_close(theirs[k], a, rtol=1e-11, name=f"{name} {p}")


def test_what_comes_back_adds_up():
    """dL/d of what a node makes is the sum over its readers, and that of a sum goes to both."""
    trace = record(NetworkConfig("gru", layers=3, steps=6, hidden_size=3, skip="residual"))
    for name, total in trace.total.items():
        parts = [part.true for (_, read), part in trace.arrows.items() if read == name]
        if parts:
            assert_close(total.true, sum(parts), rtol=1e-14)
    np.testing.assert_array_equal(trace.arrows["sum 3", "layer 3"].true, trace.arrows["sum 3", "sum 2"].true)


def test_a_trace_says_what_is_what():
    trace = record(NetworkConfig("lstm", steps=6, hidden_size=3, directions="both"))
    kinds = {name: signal.kind for (node, name), signal in trace.signals.items() if node == "layer 2 backward"}
    assert kinds == {"g": "value", "i": "gate", "f": "gate", "o": "gate", "h": "state", "c": "state", "y": "output"}
    assert trace.signals["x", "y"].kind == "input" and "layer 2 backward" in repr(trace)
    backward, own = trace.recordings["layer 2 backward"], trace.signals["layer 2 backward", "h"]
    np.testing.assert_array_equal(own.value, backward.h[::-1])
    np.testing.assert_array_equal(own.gradient.true, backward.dh[::-1])
    for array in (trace.x, trace.output, trace.dx, own.value, own.gradient.mantissa, trace.log10_dh["layer 1 forward"]):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Network(()), "'nodes'"),
        (lambda: Network((Node("a", Sum(), ("b",)),)), "must read some of x"),
        (lambda: Network((Node("a", Sum(), ("x",)), Node("a", Sum(), ("x",)))), "a name once"),
        (lambda: NetworkConfig(layers=9), "'layers'"),
        (lambda: stacked("lstm", 1, []), "'widths'"),
        (lambda: NetworkConfig(layers=2, widths=(3,)), "'widths'"),
        (lambda: NetworkConfig(widths=(3, 0)), "'widths'"),
        (
            lambda: Network((Node("a", Recurrent("rnn", 2), ("x",)), Node("s", Sum(), ("a", "x")))).widths(1),
            "equally wide",
        ),
        (lambda: record_with(stacked("rnn", 1, [2]), {}, np.zeros((3, 1, 1)), np.zeros((3, 1, 2))), "'parameters'"),
        (
            lambda: record_with(
                stacked("rnn", 1, [2]),
                {"layer 1": Parameters(*np.zeros((4, 1, 1)))},
                np.zeros((3, 1, 1)),
                np.zeros((3, 1, 2)),
            ),
            "'U'",
        ),
        (lambda: from_pytorch("lstm", {}), "'state'"),
    ],
    ids=range(11),
)
def test_what_a_network_may_not_be(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_own_loss_reaches_all_targets():
    config = NetworkConfig("gru", steps=5, hidden_size=3, directions="both", loss="every")
    x, y = np.ones((5, 2, 1)), np.full((5, 2, 6), 0.25)
    trace = record(config, inputs=x, targets=y)
    assert isinstance(trace, Trace)
    assert_close(trace.output_gradient, trace.output - 0.25, rtol=1e-14)
    assert abs(trace.loss - 0.5 * ((trace.output - 0.25) ** 2).sum()) < 1e-12


@pytest.mark.parametrize("directions", ["forward", "both"])
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("read", ["position", "ends", "mean"])
def test_what_the_loss_sees(read, many, directions):
    config = NetworkConfig("gru", steps=5, hidden_size=3, directions=directions, read=read, batch_size=2)
    y = np.full((2, 3 * (1 + (directions == "both"))), 0.25)
    trace = record_many([config] * 2, targets=y) if many else record(config, targets=y)
    out = trace.output
    seen = {
        "position": out[-1],
        "mean": out.mean(axis=0),
        "ends": np.concatenate([out[-1, ..., :3], out[0, ..., 3:]], axis=-1),
    }[read]
    np.testing.assert_allclose(trace.loss, 0.5 * ((seen - 0.25) ** 2).sum(axis=(-1, -2)), rtol=1e-13)
    gradient = trace.output_gradient.sum(axis=0)
    assert_close(gradient, seen - 0.25, rtol=1e-13)
    entered = trace.output_gradient.any(axis=tuple(range(1, out.ndim)))
    ends = [True, *[False] * 3, True] if directions == "both" else [False] * 4 + [True]
    assert list(entered) == {"position": [False] * 4 + [True], "mean": [True] * 5, "ends": ends}[read]


def test_a_projection_is_asked_for_by_its_width():
    trace = record(NetworkConfig("lstm", steps=5, hidden_size=4, projection=2, directions="both"))
    assert trace.output.shape == (5, 1, 4) and trace.signals["layer 1 forward", "c"].value.shape == (5, 1, 4)
    with pytest.raises(ValueError, match="projected"):
        record(NetworkConfig("gru", projection=2))
    with pytest.raises(ValueError, match="'outputs'"):
        record(NetworkConfig("lstm", hidden_size=4, projection=5))


@pytest.mark.parametrize("fields", [{}, {"skip": "residual"}, {"directions": "both"}, {"dropout": 0.3}], ids=str)
def test_members_of_an_ensemble_leave_float64_each_by_itself(fields):
    """One vanishes, one explodes, one stays, and each has the logarithms it has alone, along every arrow."""
    configs = [
        NetworkConfig("rnn_identity", steps=700, hidden_size=2, init="identity", gain=g, **fields)
        for g in (0.1, 1.0, 4.0)
    ]
    x = np.zeros((700, 1, 1))
    many = record_many(configs, inputs=x)
    for k, config in enumerate(configs):
        alone = record(config, inputs=x)
        for arrow, logs in alone.log10_arrows.items():
            networks.assert_logs(many.log10_arrows[arrow][:, k], logs, name=str(arrow))
        for name, logs in alone.log10_dh.items():
            networks.assert_logs(many.log10_dh[name][:, k], logs, name=name)
    reach = {k: np.abs(many.log10_dh[many.network.recurrent[0].name][:, k]).max() for k in range(3)}
    assert reach[0] > 320 or fields.get("skip") or fields.get("directions")
    assert reach[2] > 320


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"directions": "both", "skip": "residual", "read": "ends", "input_size": 6},
        {"dropout": 0.5, "places": "every", "norm": "between"},
        {"cell_norm": "product", "projection": 2},
        {"cell": "rnn_identity", "gain": 0.01, "init": "identity", "layers": 3, "steps": 300},
    ],
    ids=str,
)
def test_networks_recorded_together_are_those_recorded_one_by_one(fields):
    configs = [NetworkConfig(**{"cell": "lstm", "steps": 7, "hidden_size": 3, "seed": s} | fields) for s in (0, 1, 5)]
    for config, found in zip(configs, record_each(configs), strict=True):
        alone = record(config)
        assert found.config == config and found.network.widths(config.input_size) == alone.network.widths(
            config.input_size
        )
        np.testing.assert_array_equal(found.x, alone.x)
        with np.errstate(invalid="ignore"):
            for name in ("log10_dh", "log10_arrows"):
                for key, logs in getattr(alone, name).items():
                    np.testing.assert_allclose(getattr(found, name)[key], logs, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.loss, alone.loss, rtol=1e-9)
        for key, signal in alone.signals.items():
            np.testing.assert_allclose(found.signals[key].value, signal.value, rtol=1e-9, atol=1e-12)
        again = record_with(found.network, found.parameters, found.x, found.output_gradient)
        np.testing.assert_allclose(again.output, found.output, rtol=1e-9, atol=1e-12)
        with pytest.raises(ValueError, match="read-only"):
            found.output[0] = 1.0
    assert record_each([Config(steps=3)])[0].steps == 3
