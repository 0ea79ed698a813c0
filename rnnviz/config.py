"""What is recorded: one frozen, hashable configuration, and the one table of what each of its fields may be."""

from dataclasses import dataclass, fields
from math import inf
from numbers import Real

from .arguments import choice, complaint, real
from .cells import CELLS
from .sources.tasks import LABELS, TASKS, checked_length


@dataclass(frozen=True)
class Number:
    """A number from low to high, a whole one if `whole`; step is what one press of an arrow key adds."""

    default: float
    low: float
    high: float
    step: float
    whole: bool = False

    @property
    def allowed(self):
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}"

    def accepts(self, value):
        if isinstance(value, bool) or not isinstance(value, Real):
            return False
        return self.low <= value <= self.high and (not self.whole or value == int(value))

    def text(self, value):
        """An allowed number as it stands in an address."""
        return str(int(value)) if self.whole else f"{value:.6g}"

    def clamp(self, value):
        """The nearest allowed number. Raises ValueError for what is no number."""
        value = min(max(real("value", value, "a number", -inf, inf), self.low), self.high)
        return round(value) if self.whole else value


@dataclass(frozen=True)
class Choice:
    """One of a few names; each has a sentence."""

    default: str
    options: dict

    @property
    def allowed(self):
        return "one of " + ", ".join(repr(o) for o in self.options)

    def accepts(self, value):
        return isinstance(value, str) and value in self.options


@dataclass(frozen=True)
class Text:
    """Any text up to a length."""

    default: str
    longest: int

    @property
    def allowed(self):
        return f"text of at most {self.longest} characters"

    def accepts(self, value):
        return isinstance(value, str) and len(value) <= self.longest


@dataclass(frozen=True)
class Widths:
    """Whole numbers from low to high, one a layer, as a tuple; an empty one leaves all layers alike."""

    default: tuple
    low: int
    high: int
    longest: int

    @property
    def allowed(self):
        return f"a tuple of at most {self.longest} whole numbers from {self.low} to {self.high}"

    def accepts(self, value):
        own = Number(self.low, self.low, self.high, 1, whole=True)
        return isinstance(value, tuple) and len(value) <= self.longest and all(map(own.accepts, value))


INITIALISATIONS = {
    "gaussian": "independent normal entries with standard deviation gain / sqrt(H)",
    "orthogonal": "a random rotation times the gain: every singular value is the gain",
    "identity": "the identity matrix times the gain",
}
LOSSES = {"last": "at the last step", "one": "at one chosen step", "every": "at every step, summed"}
INPUTS = {
    "noise": "independent normal numbers at every step",
    "impulse": "1 at the first step, then 0",
    "step": "0, then 1 from the middle on",
    "sine": "a sine wave",
    "square": "a square wave",
    "bits": "a pattern of bits, repeated",
    "text": "characters, one-hot",
    "sunspots": "yearly number of sunspots, standardised",
}

DIRECTIONS = {
    "forward": "from the first step to the last",
    "both": "side by side with a layer from the last step to the first",
}
SKIPS = {
    "none": "a layer's output is what the next one reads",
    "residual": "what a layer reads is added to what it makes, where both are equally wide",
}
NORMS = {"none": "outputs go on as they are", "between": "layer normalisation after each layer"}
CELL_NORMS = {
    "none": "no layer normalisation inside the step",
    "product": "of the input product and of the recurrent product, each by itself",
    "sum": "of the sum of the two products",
    "state": "of the cell state, where the hidden state reads it",
}
PEEPHOLES = {
    "none": "gates read the input and the hidden state",
    "learned": "gates read the cell state as well, through a learned weight a unit",
}
READS = {
    "position": "the output at the positions that the loss names",
    "ends": "of each direction its own last state: forward at the last position, backward at the first",
    "mean": "the mean of the output over all positions",
}
NOISES = {
    "none": "no masks inside the step",
    "recurrent": "on the hidden state that U multiplies",
    "candidate": "on the candidate alone",
    "zoneout": "units keep their state, with that probability",
}
MASKS = {"step": "fresh at every step", "sequence": "one for all steps of a sequence"}
PLACES = {
    "between": "between the layers, as in PyTorch: L - 1 for L layers",
    "every": "also before the first layer and after the last: L + 1",
}

OPTIMISERS = {
    "sgd": "plain stochastic gradient descent",
    "momentum": "descent with a memory: 0.9 of the last step is added",
    "rmsprop": "each weight's step is divided by the recent size of its gradient",
    "adam": "momentum and division by the recent size, both",
}
CLIPPINGS = {
    "none": "the gradient is used as it is",
    "norm": "the whole gradient is shortened to the threshold where it is longer; its direction stays",
    "parameter": "each weight matrix's gradient is shortened by itself",
    "value": "each single element is cut to the threshold; this can turn the direction",
}
NONFINITE = {
    "stop": "the network stops, and the page says why",
    "skip": "that update is left out, and training goes on",
}
PRECISIONS = {"float32": "7 digits, as frameworks train", "float64": "16 digits, slower"}

BOUNDS = {
    "steps": Number(100, 2, 1000, 1, whole=True),
    "batch_size": Number(1, 1, 32, 1, whole=True),
    "input_size": Number(1, 1, 64, 1, whole=True),
    "hidden_size": Number(32, 1, 128, 1, whole=True),
    "gain": Number(1.0, 0.0, 4.0, 0.01),
    "init": Choice("gaussian", INITIALISATIONS),
    "input_scale": Number(1.0, 0.0, 10.0, 0.1),
    "forget_bias": Number(1.0, -10.0, 10.0, 0.1),
    "update_bias": Number(0.0, -10.0, 10.0, 0.1),
    "seed": Number(0, 0, 2**31 - 1, 1, whole=True),
    "input": Choice("noise", INPUTS),
    "period": Number(20, 3, 1000, 1, whole=True),
    "bits": Text("1011", 64),
    "text": Text("the cat sat on the mat and the dog sat on the log", 1000),
    "loss": Choice("last", LOSSES),
    "loss_step": Number(50, 1, 1000, 1, whole=True),
    "layers": Number(2, 1, 8, 1, whole=True),
    "widths": Widths((), 1, 128, 8),
    "directions": Choice("forward", DIRECTIONS),
    "skip": Choice("none", SKIPS),
    "norm": Choice("none", NORMS),
    "dropout": Number(0.0, 0.0, 0.9, 0.05),
    "cell_norm": Choice("none", CELL_NORMS),
    "peepholes": Choice("none", PEEPHOLES),
    "projection": Number(0, 0, 128, 1, whole=True),
    "noise": Choice("none", NOISES),
    "noise_rate": Number(0.1, 0.0, 0.9, 0.05),
    "mask": Choice("step", MASKS),
    "places": Choice("between", PLACES),
    "read": Choice("position", READS),
    "task": Choice("order_2", TASKS),
    "length": Number(30, 1, 200, 1, whole=True),
    "typed": Text("", 1000),
    "networks": Number(4, 1, 8, 1, whole=True),
    "sequences": Number(16, 1, 32, 1, whole=True),
    "optimiser": Choice("sgd", OPTIMISERS),
    "rate": Number(0.01, 1e-6, 10.0, 0.01),
    "clip": Choice("norm", CLIPPINGS),
    "threshold": Number(1.0, 1e-6, 1e6, 0.1),
    "nonfinite": Choice("stop", NONFINITE),
    "precision": Choice("float32", PRECISIONS),
    "updates": Number(1000, 10, 20000, 10, whole=True),
    "decay": Number(0.0, 0.0, 1.0, 0.01),
    "validation": Number(0.0, 0.0, 0.5, 0.05),
    "patience": Number(0, 0, 1000, 1, whole=True),
    "labels": Choice("true", LABELS),
}


@dataclass(frozen=True)
class Layer:
    """What `Config` and `TrainConfig` share: the recurrent layer and its seed, and that every field is checked."""

    cell: str = "lstm"
    hidden_size: int = BOUNDS["hidden_size"].default
    gain: float = BOUNDS["gain"].default
    init: str = BOUNDS["init"].default
    input_scale: float = BOUNDS["input_scale"].default
    forget_bias: float = BOUNDS["forget_bias"].default
    update_bias: float = BOUNDS["update_bias"].default
    seed: int = BOUNDS["seed"].default

    def __post_init__(self):
        """Hold every field against `BOUNDS`, and make whole numbers int and others float."""
        choice("cell", self.cell, CELLS)
        for field in fields(self)[1:]:
            value, bound = getattr(self, field.name), BOUNDS[field.name]
            if not bound.accepts(value):
                raise ValueError(complaint(field.name, bound.allowed, value))
            if isinstance(bound, Number):
                object.__setattr__(self, field.name, int(value) if bound.whole else float(value))


@dataclass(frozen=True)
class Config(Layer):
    """What to record. Every field has its bounds in `BOUNDS`.

    cell: a name in `rnnviz.CELLS`. steps: T. batch_size: B. input_size: D, for noise; the text sets its own.
    hidden_size: H. gain: factor on the recurrent matrix U. init: how U is drawn, see `INITIALISATIONS`.
    input_scale: standard deviation of x W for inputs of size 1, entries of W being N(0, input_scale^2 / D).
    forget_bias, update_bias: initial bias of the LSTM's forget gate and of the GRU's update gate; other biases are 0.
    seed: of the weights, the noise and the targets. input: see `INPUTS`. period: of sine and square, in steps.
    bits, text: what those inputs carry. loss: see `LOSSES`; loss_step: the step of loss "one", counted from 1.

    Raises ValueError, naming the field, what is allowed and what was given.
    """

    steps: int = BOUNDS["steps"].default
    batch_size: int = BOUNDS["batch_size"].default
    input_size: int = BOUNDS["input_size"].default
    input: str = BOUNDS["input"].default
    period: int = BOUNDS["period"].default
    bits: str = BOUNDS["bits"].default
    text: str = BOUNDS["text"].default
    loss: str = BOUNDS["loss"].default
    loss_step: int = BOUNDS["loss_step"].default


@dataclass(frozen=True)
class Stack:
    """What `NetworkConfig` and `NetworkTrainConfig` share: how layers are put together.

    layers: L. widths: H of each layer, from the bottom, if they differ; otherwise hidden_size. directions: see
    `DIRECTIONS`. skip: see `SKIPS`. norm: see `NORMS`. dropout: the rate between layers; places: see `PLACES`.
    cell_norm, peepholes: see `CELL_NORMS`, `PEEPHOLES`. projection: how wide h is if it is projected; otherwise 0.
    noise, noise_rate: see `NOISES`. mask: of all of them, see `MASKS`. read: what the loss sees of the last layer's
    output, which both directions make twice as wide; see `READS`.
    """

    layers: int = BOUNDS["layers"].default
    widths: tuple = BOUNDS["widths"].default
    directions: str = BOUNDS["directions"].default
    skip: str = BOUNDS["skip"].default
    norm: str = BOUNDS["norm"].default
    dropout: float = BOUNDS["dropout"].default
    cell_norm: str = BOUNDS["cell_norm"].default
    peepholes: str = BOUNDS["peepholes"].default
    projection: int = BOUNDS["projection"].default
    noise: str = BOUNDS["noise"].default
    noise_rate: float = BOUNDS["noise_rate"].default
    mask: str = BOUNDS["mask"].default
    places: str = BOUNDS["places"].default
    read: str = BOUNDS["read"].default

    def __post_init__(self):
        super().__post_init__()
        if self.widths and len(self.widths) != self.layers:
            raise ValueError(complaint("widths", f"empty, or of {self.layers} widths, one a layer", self.widths))
        object.__setattr__(self, "widths", tuple(map(int, self.widths)))

    @property
    def all_widths(self):
        """H of each layer, from the bottom."""
        return self.widths or (self.hidden_size,) * self.layers


@dataclass(frozen=True)
class NetworkConfig(Stack, Config):
    """A stack of layers to record: the fields of `Config` and of `Stack`, with their bounds in `BOUNDS`.

    Raises ValueError, naming the field, what is allowed and what was given.
    """


@dataclass(frozen=True)
class TrainConfig(Layer):
    """What to train: K networks, one a seed, on one task. Every field has its bounds in `BOUNDS`.

    cell, hidden_size, gain, init, input_scale, forget_bias, update_bias: the layer, as in `Config`.
    seed: of the first network and its batches; the others count up from it. networks: K. task, length, typed: see
    `sources.task`. sequences: B, in a batch. optimiser, rate: see `OPTIMISERS`. clip, threshold: see `CLIPPINGS`.
    nonfinite: what to do with a gradient that is infinite or no number. precision: of all arithmetic.
    updates: after how many training ends.

    Raises ValueError, naming the field, what is allowed and what was given.
    """

    networks: int = BOUNDS["networks"].default
    task: str = BOUNDS["task"].default
    length: int = BOUNDS["length"].default
    typed: str = BOUNDS["typed"].default
    sequences: int = BOUNDS["sequences"].default
    optimiser: str = BOUNDS["optimiser"].default
    rate: float = BOUNDS["rate"].default
    clip: str = BOUNDS["clip"].default
    threshold: float = BOUNDS["threshold"].default
    nonfinite: str = BOUNDS["nonfinite"].default
    precision: str = BOUNDS["precision"].default
    updates: int = BOUNDS["updates"].default

    def __post_init__(self):
        super().__post_init__()
        checked_length(self.task, self.length)

    def members(self):
        """What each network is drawn from, seeds counting up: a `Config`, or a `NetworkConfig` of a stack."""
        kind = NetworkConfig if isinstance(self, Stack) else Config
        shared = {field.name: getattr(self, field.name) for field in fields(kind) if hasattr(self, field.name)}
        highest = BOUNDS["seed"].high + 1
        return [kind(**shared | {"seed": (self.seed + k) % highest}) for k in range(self.networks)]


@dataclass(frozen=True)
class NetworkTrainConfig(Stack, TrainConfig):
    """Stacks of layers to train: the fields of `TrainConfig` and of `Stack`, with their bounds in `BOUNDS`.

    Masks are drawn anew at each update, and there are none in a test. read: what a read-out sees; "position" are the
    last positions of the sequence, as many as the task has answers. decay: of the weights, see
    `engine.optimise.decay`. validation, labels: see `sources.task`; of tasks with a finite data set. patience: after
    how many tests without a lower loss on the validation part a network stops, and has its best weights again; 0 for
    never.

    Raises ValueError, naming the field, what is allowed and what was given.
    """

    decay: float = BOUNDS["decay"].default
    validation: float = BOUNDS["validation"].default
    patience: int = BOUNDS["patience"].default
    labels: str = BOUNDS["labels"].default
