"""Settings worth seeing, each with a sentence; the tests hold every sentence against the networks it speaks of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """name: as on its button. says: what is to be seen. values: control -> value; all others go to their defaults."""

    name: str
    says: str
    values: dict


PRESETS = (
    Preset(
        "Vanishing",
        "A small gain: every step back shrinks the gradient, and no cell learns from the distant past.",
        {"gain": 0.5, "window": "wide"},
    ),
    Preset(
        "Exploding",
        "A large gain: in the RNN the gradient grows with every step back, until one update would wreck the weights.",
        {"gain": 3.0},
    ),
    Preset(
        "Norm kept",
        "A linear network with an orthogonal U: a rotation turns the gradient and keeps its norm exactly, at any "
        "distance.",
        {"activation": "identity", "init": "orthogonal", "bound": True},
    ),
    Preset(
        "Identity ReLU",
        "U starts as the identity and units are on or off: the units that the impulse has switched on hand the "
        "gradient back unchanged.",
        {"activation": "relu", "init": "identity", "input": "impulse"},
    ),
    Preset(
        "Saturated",
        "The gain is above 1, and yet the RNN's gradient vanishes: the strong input drives tanh to its flat ends. A "
        "gain above 1 is necessary for an explosion, not sufficient.",
        {"gain": 1.5, "input_scale": 10.0, "bound": True, "slope": True, "window": "double"},
    ),
    Preset(
        "Forget bias 0",
        "Forget gates start half open, so the cell state's direct path loses about half of its gradient at each step.",
        {"forget_bias": 0.0},
    ),
    Preset(
        "Forget bias 1",
        "Forget gates start at 0.73, the usual choice: the gradient reaches further than with bias 0.",
        {"forget_bias": 1.0},
    ),
    Preset(
        "Forget bias 5",
        "Forget gates start at 0.993: the cell state carries the gradient back with hardly any loss.",
        {"forget_bias": 5.0},
    ),
    Preset(
        "LSTM explodes",
        "Gates do not protect from explosion: with a large gain the paths through the gates multiply, and the LSTM's "
        "gradient grows too.",
        {"gain": 4.0, "hidden_size": 64, "steps": 300, "window": "wide"},
    ),
    Preset(
        "GRU keeps",
        "The update gate z starts near 1, which copies the old state: the GRU's gradient passes almost unchanged.",
        {"update_bias": 6.0},
    ),
)
