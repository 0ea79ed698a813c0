"""A layer of its own, in one file: in a network, exact, recorded, and drawn, with nothing else changed."""

import autograd.numpy as anp
import numpy as np
import plotly.graph_objects as go
from compare import assert_close
from networks import central_difference

from rnnviz import Network, Parameters, explain, record_with
from rnnviz.figures import gradient_flow, step_shares
from rnnviz.layers import Layer, Recurrent
from rnnviz.networks import Node
from rnnviz.unrolled import unrolled


class Echo(Layer):
    """y_t = x_t + a x_{t-1}, with a weight a unit: all that its file has to say."""

    def shapes(self, widths):
        return {"a": (widths[0],)}

    def forward(self, p, x):
        before = anp.concatenate([anp.zeros_like(x[:1]), x[:-1]])
        return x + p["a"][..., None, :] * before


def recorded(T=7, H=3, cell="lstm", **moved):
    """The trace of a layer, an echo of it, and a layer above; moved: node -> parameters instead of the drawn ones."""
    rng = np.random.default_rng(0)
    network = Network(
        (
            Node("layer 1", Recurrent(cell, H), ("x",)),
            Node("echo", Echo(), ("layer 1",)),
            Node("layer 2", Recurrent(cell, H), ("echo",)),
        )
    )
    drawn = {
        node: {name: rng.normal(size=shape) * 0.7 for name, shape in own.items()}
        for node, own in network.shapes(2).items()
    }
    drawn = {node: own if node == "echo" else Parameters(**own) for node, own in drawn.items()} | moved
    x, dy = rng.normal(size=(T, 2, 2)), rng.normal(size=(T, 2, H))
    return record_with(network, drawn, x, dy), dy


def test_its_gradient_is_the_derivative():
    trace, dy = recorded()
    a, direction = trace.parameters["echo"]["a"], np.array([0.3, -1.0, 0.7])

    def loss(s):
        return float((recorded(echo={"a": a + s * direction})[0].output * dy).sum())

    assert_close(trace.gradients["echo"]["a"] @ direction, central_difference(loss, 1e-4), rtol=1e-7)


def test_it_is_exact_far_outside_float64():
    """After n steps of a linear unit and an echo: w^n + a w^(n-1)."""
    w, T = 0.1, 900
    below = Parameters(np.ones((2, 1)), np.full((1, 1), w), np.zeros(1), np.zeros(1))
    above = Parameters(np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1))
    trace, dy = recorded(T, 1, "rnn_identity", **{"layer 1": below, "layer 2": above, "echo": {"a": np.array([0.5])}})
    arrow = trace.log10_arrows["layer 2", "echo"]
    np.testing.assert_allclose(arrow, np.log10(np.linalg.norm(dy, axis=(1, 2))), atol=1e-12)
    logs = trace.log10_dh["layer 1"]
    alone = record_with(
        trace.network, dict(trace.parameters), trace.x, np.concatenate([np.zeros_like(dy[1:]), dy[-1:]])
    ).log10_dh["layer 1"]
    n = np.arange(T - 1, 0, -1)
    np.testing.assert_allclose(alone[:-1] - alone[-1], n * np.log10(w) + np.log10(1 + 0.5 / w), atol=1e-9)
    assert alone[0] < -890 and np.isfinite(logs).all()


def test_it_is_on_the_screen():
    trace, _ = recorded()
    assert "echo, reads layer 1" in repr(trace)
    assert trace.signals["echo", "y"].kind == "output" and trace.signals["echo", "y"].gradient is not None
    curves = {curve.name: curve for curve in go.Figure(gradient_flow(trace.recordings)).data}
    np.testing.assert_array_equal(curves["layer 1: ∂L/∂h"].y, trace.log10_dh["layer 1"])
    assert len(go.Figure(step_shares(trace.recordings)).data) == 2
    assert unrolled(trace.recordings["layer 1"]).lanes and "layer 1" in " ".join(explain.flow(trace.recordings))
