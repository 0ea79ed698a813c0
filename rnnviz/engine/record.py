"""Record a network on a sequence: the three ways to ask."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .. import sources
from ..arguments import checked_array, complaint, instance, lettered, numbers, several
from ..cells import find
from ..config import Config
from .adjoint import pull_back, unroll_and_linearise
from .initialise import initialise
from .initialise import targets as drawn_targets
from .parameters import Parameters
from .recording import Recording, sealed

FREE = ("gain", "init", "input_scale", "forget_bias", "update_bias", "seed")
"""The fields in which the members of an ensemble may differ."""

LARGEST = 4 * 10**9
"""Bytes that a recording may hold."""


def inputs_of(config):
    """The input sequence that a `Config` asks for, (T, B, D); shorter than config.steps if the source ends."""
    instance("config", config, Config, "a Config")
    steps, batch = config.steps, config.batch_size
    if config.input == "noise":
        flat = sources.signal("noise", steps, batch * config.input_size, seed=config.seed)
        return flat.reshape(steps, batch, config.input_size)
    if config.input == "text":
        x = sources.one_hot(config.text, steps).x
    elif config.input == "sunspots":
        x = sources.standardise(sources.sunspots().values[:steps]).values[:, None]
    else:
        x = sources.signal(config.input, steps, config.input_size, period=config.period, bits=config.bits)
    return np.repeat(x[:, None, :], batch, axis=1)


def record(config, inputs=None, targets=None):
    """Record the network that a `Config` draws. Returns a `Recording`.

    inputs: (T, B, D), instead of those the configuration names; config.steps, batch_size and input_size then do not
    count. targets: (B, H), or (T, B, H) for a loss at every step; drawn from the seed if absent. The loss is half
    the squared distance of h_t from its target, summed over units, batch, and the steps that config.loss names.
    What is recorded is the recording's own, and read-only. Raises ValueError for anything but a `Config`, for inputs or
    targets of the wrong shape, type or values, and for a loss_step after the last step.
    """
    instance("config", config, Config, "a Config")
    return _record_drawn([config], inputs, targets, single=True)


def record_many(configs, inputs=None, targets=None):
    """Record an ensemble of K networks in one pass over the loop. Returns a `Recording` with K after T.

    The configurations may differ in gain, init, input_scale, forget_bias, update_bias and seed. inputs: (T, B, D),
    shared by all. targets: as in `record`, shared by all. Raises ValueError where they differ in anything else, for
    anything but a sequence of `Config`, and as `record` does.
    """
    return _record_drawn(_alike(configs), inputs, targets, single=False)


def _alike(configs):
    """A list of the configurations. Raises ValueError where they differ in anything but `FREE`, or are none."""
    configs = several("configs", configs, Config, "a sequence of at least one Config")
    kinds = _kinds(configs)
    if len(kinds) > 1:
        raise ValueError(
            f"The 'configs' parameter must differ in {', '.join(FREE)} only. Got {len(kinds)} kinds instead."
        )
    return configs


def _kinds(configs):
    """The configurations, with what may differ in an ensemble taken from the first of them, each once."""
    return {replace(c, **{f: getattr(configs[0], f) for f in FREE}) for c in configs}


def record_each(configs, inputs=None):
    """Record configurations in one pass, as `record_many`. Returns a list of single `Recording`s, as `record` does.

    Raises ValueError as `record_many` does.
    """
    configs = several("configs", configs, Config, "a sequence of at least one Config")
    together = record_many(configs, inputs)
    return [together.network(k, config) for k, config in enumerate(configs)]


def record_with(cell, parameters, inputs, output_gradient, initial_state=None):
    """Record one's own network, on one's own input, with the gradient of any loss. Returns a `Recording`.

    cell: a name in `rnnviz.CELLS`. parameters: `Parameters`. inputs: (T, B, D). output_gradient: (T, B, H), the
    partial derivative of the loss by each output h_t. initial_state: state name -> (B, H); zeros where absent.
    Arrays are copied: what is done to them afterwards changes nothing. Raises ValueError naming the argument whose
    shape, type or values are wrong.
    """
    cell = find(cell)
    inputs = checked_inputs(inputs)
    parameters = instance("parameters", parameters, Parameters, "a Parameters").checked(cell, inputs.shape[-1])
    hidden = parameters.U.shape[0]
    steps, batch = inputs.shape[:2]
    _refuse_oversized(steps * batch * _held(cell, hidden))
    given = {} if initial_state is None else initial_state
    if not isinstance(given, Mapping) or set(given) - set(cell.states):
        shown = list(given) if isinstance(given, Mapping) else given
        raise ValueError(complaint("initial_state", f"a dict with the keys {', '.join(cell.states)}", shown))
    initial = {
        s: checked_array(f"initial_state.{s}", given.get(s, np.zeros((batch, hidden))), (batch, hidden))
        for s in cell.states
    }
    gradient = checked_array("output_gradient", output_gradient, (steps, batch, hidden))
    return _record(cell, parameters, inputs, initial, lambda h: (gradient, None), None, None)


def checked_inputs(inputs):
    """Inputs (T, B, D) as a copy in contiguous float64, none of whose axes is empty."""
    inputs = lettered("inputs", inputs, "T B D")
    return checked_array("inputs", inputs, inputs.shape)


def _held(cell, width):
    """About how many bytes a recording of a layer of that width holds, a step and a sequence."""
    return 8 * width * (5 * len(cell.gates) + len(cell.states))


def _refuse_oversized(size):
    """Raise ValueError for a recording of more than `LARGEST` bytes."""
    if size > LARGEST:
        raise ValueError(
            f"The 'inputs' parameter must be such that what is recorded holds at most {LARGEST / 1e9:.0f} "
            f"GB. Got inputs whose recording would hold about {size / 1e9:,.1f} GB instead: take fewer "
            "steps or sequences at a time."
        )


def _given_or_drawn(configs, inputs, single):
    """Inputs (T, B, D) of one network; of an ensemble (T, 1, B, D), or (T, K, B, D) where each has noise of its own."""
    config = configs[0]
    if inputs is not None:
        x = checked_inputs(inputs)
    else:
        x = inputs_of(config)
        if not single and config.input == "noise" and len({c.seed for c in configs}) > 1:
            return np.stack([inputs_of(c) for c in configs], axis=1)
    return x if single else x[:, None]


def _loss_of(configs, targets, x, width, single):
    """The loss that configurations ask for: a function of h (T, K, B, W) that returns its gradient by it and it, (K,).

    targets: (B, W), or (T, B, W), or None to draw them. x: the inputs. Raises ValueError as `record` does.
    """
    config, steps, batch = configs[0], len(x), x.shape[-2]
    if config.loss == "one" and config.loss_step > steps:
        allowed = f"a whole number from 1 to the number of steps, {steps}"
        raise ValueError(complaint("loss_step", allowed, config.loss_step))
    if targets is None:
        y = [drawn_targets(c, batch, width) for c in configs]
        y = y[0] if single else np.stack(y)
    else:
        targets = numbers("targets", targets)
        whole = targets.ndim == 3 and config.loss == "every"
        y = checked_array("targets", targets, (steps, batch, width) if whole else (batch, width))
        y = y[:, None] if whole and not single else y
    chosen = {
        "last": slice(steps - 1, steps),
        "one": slice(config.loss_step - 1, config.loss_step),
        "every": slice(None),
    }[config.loss]

    def loss(h):
        gradient = np.zeros_like(h)
        with np.errstate(all="ignore"):
            gradient[chosen] = h[chosen] - y
            return gradient, 0.5 * (gradient**2).sum(axis=(0, -1, -2))

    return loss


def _record_drawn(configs, inputs, targets, single):
    config, cell = configs[0], find(configs[0].cell)
    x = _given_or_drawn(configs, inputs, single)
    loss = _loss_of(configs, targets, x, config.hidden_size, single)
    drawn = [initialise(c, x.shape[-1]) for c in configs]
    if single:
        parameters, spectra = drawn[0]
    else:
        parameters = Parameters.stack([p for p, _ in drawn])
        spectra = {g: tuple(np.array([s[g][j] for _, s in drawn]) for j in (0, 1)) for g in cell.gates}
    _refuse_oversized(len(x) * len(configs) * x.shape[-2] * _held(cell, config.hidden_size))
    lead = () if single else (len(configs),)
    initial = {s: np.zeros((*lead, x.shape[-2], config.hidden_size)) for s in cell.states}
    return _record(cell, parameters, x, initial, loss, config if single else None, spectra)


def _record(cell, parameters, x, initial, loss, config, spectra):
    forward, local = unroll_and_linearise(cell, parameters, x, initial)
    gradient, value = loss(forward.states["h"][1:])
    back = pull_back(local, parameters.U, gradient)
    return sealed(Recording(cell, parameters, x, gradient, value, config, spectra, forward, local, back))
