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

TRAINING_PRESETS = (
    Preset(
        "Clipped or not",
        "Temporal order: in which order did two symbols come, many steps ago? Both runs learn it by plain gradient "
        "descent; one is clipped by norm at 1, the other is not clipped.",
        {"train_init": "orthogonal", "train_length": 20, "train_rate": "0.2", "train_threshold": "1",
         "train_updates": 600},
        "Clipped, every seed finds the order. Without clipping, gradients several times the threshold throw the "
        "weights about, and no seed gets past guessing.",
    ),
    Preset(
        "RNN against LSTM",
        "The adding problem: two of forty numbers are marked, and at the end their sum is wanted. An RNN and an LSTM, "
        "from the same seeds and on the same sequences.",
        {"vary": "cell", "train_init": "gaussian",
         "train_task": "Adding problem", "train_length": 40, "train_optimiser": "adam",
         "train_rate": "0.02", "train_updates": 1500},
        "The RNN stays at the answer without memory; the LSTM brings the error below a tenth of it.",
    ),
    Preset(
        "Forget bias 0 or 1",
        "Temporal order over 60 steps, for two LSTMs. With bias 0 the forget gates start half open, with bias 1 they "
        "start at 0.73. Does such a small thing matter?",
        {"vary": "forget bias", "train_init": "gaussian",
         "train_cell": "LSTM", "train_length": 60, "train_hidden_size": 24,
         "train_optimiser": "adam", "train_rate": "0.01", "train_forget_bias": 0.0, "other_forget_bias": 1.0,
         "train_updates": 600},
        "With bias 0 the cell state loses its content on the way, and nothing is learnt. With bias 1 enough is left "
        "for every seed to find the order.",
    ),
    Preset(
        "Threshold 1 or 0.001",
        "The same descent, clipped by norm at 1 and at a thousandth: is more clipping safer?",
        {"train_init": "orthogonal", "train_length": 20, "train_rate": "0.1", "train_threshold": "1",
         "other_clip": "norm", "other_threshold": "0.001", "train_updates": 600},
        "Clipping at every update is a smaller learning rate in disguise: at 0.001 nothing goes wrong, and nothing is "
        "learnt.",
    ),
    Preset(
        "By norm or by value",
        "By norm, at 0.5, the gradient is shortened and keeps its direction. By value, at 0.02, every large element is "
        "cut by itself, and the gradient is turned. By how much, and does it matter here?",
        {"train_init": "orthogonal", "train_length": 20, "train_rate": "0.1", "train_threshold": "0.5",
         "other_clip": "value", "other_threshold": "0.02", "train_updates": 600},
        "By value, updates point tens of degrees away from the gradient. Here both find the way all the same.",
    ),
)
