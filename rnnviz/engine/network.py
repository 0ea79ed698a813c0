"""A recurrent layer with a linear read-out, y_t = h_t V + b_y, and a loss on its outputs: K of them side by side."""

from dataclasses import dataclass, fields
from functools import cached_property
from math import prod

import numpy as np

from .adjoint import linearise, pull_back
from .initialise import initialise
from .parameters import Parameters
from .recording import Recording
from .unroll import unroll

READOUT = 4
"""The stream of random numbers that the read-out is drawn from; the others are in `initialise`."""

AT_ONCE = 2**25
"""Bytes of the steps that a pass without a gradient keeps."""

LAYER = tuple(field.name for field in fields(Parameters))


@dataclass(frozen=True, eq=False)
class Weights:
    """All weights of K networks in one array, so that an optimiser or a norm needs no list of parameters.

    flat: (K, P). shapes: name -> shape of one network's array, in the order in which they lie in P: W, U, b, b_rec as
    in `Parameters`, V (H, O) and b_y (O,) of the read-out.
    """

    flat: np.ndarray
    shapes: dict

    @cached_property
    def blocks(self):
        """Name -> the slice of P that holds it."""
        ends = np.cumsum([0, *(prod(shape) for shape in self.shapes.values())]).tolist()
        return {name: slice(*ends[k : k + 2]) for k, name in enumerate(self.shapes)}

    @cached_property
    def arrays(self):
        """Name -> (K, ...), as views of `flat`."""
        return {
            name: self.flat[:, block].reshape((len(self.flat), *self.shapes[name]), copy=False)
            for name, block in self.blocks.items()
        }

    @property
    def alone(self):
        """Whether there is one network: the engine is quicker without an axis for it."""
        return len(self.flat) == 1

    @cached_property
    def layer(self):
        """The recurrent layer's `Parameters`, as views; without K where there is one network."""
        return Parameters(**{name: self.arrays[name][0] if self.alone else self.arrays[name] for name in LAYER})

    @classmethod
    def of(cls, arrays):
        """From name -> (K, ...), copied."""
        networks = len(arrays["U"])
        flat = np.concatenate([arrays[n].reshape(networks, -1) for n in (*LAYER, "V", "b_y")], axis=1)
        return cls(flat, {name: arrays[name].shape[1:] for name in (*LAYER, "V", "b_y")})

    def like(self, flat):
        """The same layout around another (K, P)."""
        return Weights(flat, self.shapes)

    def network(self, k):
        """The `Parameters` of network k alone, copied as float64."""
        return Parameters(*(self.arrays[name][k].astype(np.float64) for name in LAYER))


def draw(config, inputs, outputs):
    """The weights that a `TrainConfig` asks for, one network a seed: V is N(0, 1/H), b_y is 0."""
    members = []
    for own in config.members():
        parameters, _ = initialise(own, inputs)
        V = np.random.default_rng([own.seed, READOUT]).standard_normal((own.hidden_size, outputs))
        members.append(
            {n: getattr(parameters, n) for n in LAYER} | {"V": V / np.sqrt(own.hidden_size), "b_y": np.zeros(outputs)}
        )
    weights = Weights.of({name: np.stack([m[name] for m in members]) for name in members[0]})
    return weights.like(weights.flat.astype(config.precision))


def forward(cell, weights, x, outputs):
    """Run K networks. x: (T, K, B, D), or (T, 1, B, D) for all. Returns the trajectory, without K where there is one
    network, and y at the last `outputs` steps, (S, K, B, O)."""
    trajectory = unroll(cell, weights.layer, x[:, 0] if weights.alone else x, _start(cell, weights, x))
    return trajectory, _read_out(weights, _last(weights, trajectory, outputs))


def answers(cell, weights, x, outputs):
    """y of `forward` alone, (S, K, B, O), with no more than `AT_ONCE` bytes of steps kept on the way."""
    state, y = _start(cell, weights, x), []
    step = (2 * len(cell.gates) + len(state)) * state["h"].nbytes
    length = max(1, AT_ONCE // step)
    for first in range(0, len(x), length):
        part = x[first : first + length]
        trajectory = unroll(cell, weights.layer, part[:, 0] if weights.alone else part, state)
        asked = min(len(part), first + len(part) - (len(x) - outputs))
        if asked > 0:
            y.append(_read_out(weights, _last(weights, trajectory, asked)))
        state = {name: array[-1].copy() for name, array in trajectory.states.items()}
    return np.concatenate(y)


def _start(cell, weights, x):
    """Zeros for every state, (K, B, H); without K where there is one network."""
    lead = () if weights.alone else (len(weights.flat),)
    return dict.fromkeys(cell.states, np.zeros((*lead, x.shape[-2], weights.shapes["U"][0]), weights.flat.dtype))


def _read_out(weights, h):
    """y = h V + b_y of h (S, K, B, H)."""
    with np.errstate(all="ignore"):
        y = np.matmul(h, weights.arrays["V"])
        y += weights.arrays["b_y"][:, None]
    return y


def _last(weights, trajectory, outputs):
    """h at the last steps, (S, K, B, H)."""
    h = trajectory.states["h"][-outputs:]
    return h[:, None] if weights.alone else h


def backward(cell, weights, x, target, weight, real):
    """The loss of K networks, its gradient by all weights, and what was recorded on the way.

    x: (T, K, B, D). target, weight: (S, K, B), as in `sources.Batch`. real: whether the target is a number, and the
    loss the squared error; otherwise it is a class, and the loss the cross-entropy. Returns loss (K,), gradient (K, P),
    `Recording`, which is no ensemble where there is one network. Numbers may be infinite or not numbers; nothing is
    raised.
    """
    trajectory, y = forward(cell, weights, x, len(target))
    with np.errstate(all="ignore"):
        loss, dy = loss_of(y, target, weight, real)
        dh = np.zeros_like(trajectory.states["h"][1:])
        entering = np.matmul(dy, np.swapaxes(weights.arrays["V"], -1, -2))
        dh[-len(target) :] = entering[:, 0] if weights.alone else entering
        local = linearise(cell, trajectory)
        back = pull_back(local, weights.layer.U, dh)
        inputs = x[:, 0] if weights.alone else x
        recording = Recording(cell, weights.layer, inputs, dh, loss, None, None, trajectory, local, back)
        gradient = weights.like(np.empty_like(weights.flat))
        out = gradient.arrays
        for name in LAYER:
            out[name][...] = getattr(recording.gradients, name)
        h = _last(weights, trajectory, len(target))
        out["V"][...] = np.matmul(np.swapaxes(h, -1, -2), dy).sum(axis=0)
        out["b_y"][...] = dy.sum(axis=(0, 2))
    return loss, gradient.flat, recording


def losses(y, target, weight, real):
    """(K,) the loss of outputs (S, K, B, O), without a gradient; a few steps at a time, for the sake of memory."""
    with np.errstate(all="ignore"):
        return sum(
            loss_of(y[part], target[part], weight[part], real)[0]
            for part in (slice(s, s + 8) for s in range(0, len(y), 8))
        )


def loss_of(y, target, weight, real):
    """The loss of outputs (S, K, B, O), (K,), and its derivative by them; the other arguments are as in `backward`."""
    with np.errstate(all="ignore"):
        return (_squared if real else _cross_entropy)(y, target, weight)


def _squared(y, target, weight):
    """Squared errors summed by weight, (K,), and their derivative by y. (By hand: a tenth of the time by autograd.)"""
    error = y[..., 0] - target
    return (weight * error**2).sum(axis=(0, 2)), (2.0 * weight * error)[..., None]


def _cross_entropy(y, target, weight):
    """-ln softmax(y)[target] summed by weight, (K,), and its derivative by y: (softmax(y) - one-hot(target)) weight."""
    y = y - y.max(axis=-1, keepdims=True)  # changes nothing but the range
    exponentials = np.exp(y)
    total = exponentials.sum(axis=-1, keepdims=True)
    chosen = np.eye(y.shape[-1], dtype=y.dtype)[target]
    loss = (weight * (np.log(total[..., 0]) - (y * chosen).sum(axis=-1))).sum(axis=(0, 2))
    return loss, weight[..., None] * (exponentials / total - chosen)
