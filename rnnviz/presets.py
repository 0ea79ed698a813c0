"""Settings worth seeing, each with a sentence; the tests hold every sentence against the networks it speaks of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """name: as on its button. says: what is to be seen. values: control -> value; all others go to their defaults.

    shows: what a finished training has shown, if it is one of a training; a test trains it and holds it to that.
    """

    name: str
    says: str
    values: dict
    shows: str = ""


PRESETS = (
    Preset(
        "Vanishing",
        "A small gain: in all three cells less than a billionth of the gradient reaches step 1.",
        {"gain": 0.5, "window": "wide"},
    ),
    Preset(
        "Exploding", "A large gain: on its way back the RNN's gradient grows more than ten-thousandfold.", {"gain": 3.0}
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
        "gain above 1 is not enough for an explosion.",
        {"gain": 1.5, "input_scale": 10.0, "bound": True, "slope": True, "window": "double"},
    ),
    Preset(
        "Forget bias 0",
        "Forget gates start half open: at every step the cell state's direct path loses about half of its gradient.",
        {"forget_bias": 0.0},
    ),
    Preset(
        "Forget bias 1",
        "Forget gates start at 0.73, the usual choice: more of the LSTM's gradient arrives than with bias 0.",
        {"forget_bias": 1.0},
    ),
    Preset(
        "Forget bias 5",
        "Forget gates start at 0.993: the LSTM's gradient arrives, while with bias 1 less than a thousandth does.",
        {"forget_bias": 5.0},
    ),
    Preset(
        "LSTM explodes",
        "Gates do not protect from explosion: a gate is at most 1, but the paths through U multiply too, and over 300 "
        "steps the LSTM's gradient grows more than a hundredfold.",
        {"gain": 4.0, "hidden_size": 64, "steps": 300, "window": "wide"},
    ),
    Preset(
        "GRU keeps",
        "The update gate z starts near 1, which copies the old state: more than half of the GRU's gradient arrives.",
        {"update_bias": 6.0},
    ),
)

_LINEAR = {"shown": "RNN", "activation": "identity", "init": "identity", "hidden_size": 8}

STACKS = (
    Preset(
        "Depth",
        "Linear layers that keep 0.9 of their state: the third remembers best what came 17 steps ago, not what came "
        "last.",
        _LINEAR | {"gain": 0.9, "layers": 3},
    ),
    Preset(
        "Deep",
        "Eight LSTM layers: at the last step less than a thousandth of what the top layer has reaches the lowest one.",
        {"layers": 8},
    ),
    Preset(
        "Skips",
        "The same eight layers with connections past them: at the last step the lowest gets no less than the top one "
        "has.",
        {"layers": 8, "skips": True},
    ),
    Preset(
        "Both ends",
        "Forward at the last step, backward at the first: a valley, weakest in the middle.",
        _LINEAR | {"gain": 0.9, "layers": 1, "both": True, "read": "last states"},
    ),
    Preset(
        "Mean",
        "The mean of all outputs is read: no step is far from all of them, and the curve is flat.",
        _LINEAR | {"gain": 0.9, "layers": 1, "both": True, "read": "mean"},
    ),
    Preset(
        "out[:, -1]",
        "The output at the last position is read, of both directions: its backward half has seen one input alone, the "
        "last. Drag the position.",
        {"layers": 1, "both": True},
    ),
    Preset(
        "Textbook",
        "Two LSTM layers of 50 and a dense layer of 1: 30,651 parameters in Keras. The table and the code are below.",
        {"layers": 2, "hidden_size": 50},
    ),
)

_RELU = {
    "train_cell": "RNN (ReLU)",
    "train_init": "identity",
    "train_input_scale": 0.3,
    "train_length": 20,
    "train_rate": "0.1",
    "train_threshold": "1",
    "train_updates": 1000,
}
_FAR = {
    "train_init": "gaussian",
    "train_input_scale": 1.0,
    "train_gain": 0.3,
    "train_hidden_size": 16,
    "train_length": 40,
    "train_optimiser": "adam",
    "train_rate": "0.02",
    "train_threshold": "1",
    "train_updates": 800,
}

TRAINING_PRESETS = (
    Preset(
        "Clipped or not",
        "Temporal order: in which order did two symbols come, among 20 steps of noise? Two RNNs of ReLUs learn it by "
        "plain gradient descent; one is clipped by norm at 1, the other is not clipped.",
        _RELU,
        "Not clipped, every seed meets a gradient at least a hundred times its median, and none gets past guessing. "
        "Clipped, every seed finds the order.",
    ),
    Preset(
        "RNN against LSTM",
        "Temporal order over 40 steps, both clipped by norm at 1, both from small weights; the LSTM's forget gates "
        "start open, at 0.98. Who learns to look back?",
        _FAR | {"vary": "cell", "train_cell": "RNN", "train_forget_bias": 4.0},
        "The LSTM finds the order with every seed. The RNN stays at guessing: clipping cannot bring back what has "
        "vanished.",
    ),
    Preset(
        "Half open or open",
        "The same 40 steps, for two LSTMs. The forget gates of the first start at 0.5, those of the second at 0.98. "
        "Does one number matter?",
        _FAR | {"vary": "forget bias", "train_cell": "LSTM", "train_forget_bias": 0.0, "other_forget_bias": 4.0},
        "From 0.5 no seed learns it, from 0.98 every seed does. Here a gate must be open before learning begins.",
    ),
    Preset(
        "Threshold 1 or 0.002",
        "The first descent once more, clipped by norm at 1 and at 0.002: is more clipping safer?",
        _RELU | {"other_clip": "norm", "other_threshold": "0.002"},
        "At 0.002 every update is clipped. None is turned, and nothing is thrown away; but no seed is done after as "
        "many updates as are enough for all of them at 1.",
    ),
    Preset(
        "By norm or by value",
        "By norm, at 1, the gradient is shortened and keeps its direction. By value, at 0.01, every large element is "
        "cut by itself. How far does that turn an update?",
        _RELU | {"other_clip": "value", "other_threshold": "0.01"},
        "By value, updates point tens of degrees away from the gradient. By norm, none is turned, and every seed finds "
        "the order.",
    ),
)
