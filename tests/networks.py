"""Random networks for the tests of the engine, and what is recorded of one, by name."""

import numpy as np

from rnnviz import CELLS, Parameters, record_with

WEIGHTS = ("W", "U", "b", "b_rec")
OVER_TIME = ("h", "c", "dh", "dc", "dx")


def network(cell, seed=0, T=6, B=3, D=2, H=4, gain=1.0, bias=0.5):
    """Random Parameters, inputs and initial state of a cell."""
    rng = np.random.default_rng([seed, len(cell), *cell.encode()])
    G = len(CELLS[cell].gates)
    parameters = Parameters(
        W=rng.normal(size=(D, G * H)) / np.sqrt(D),
        U=rng.normal(size=(H, G * H)) * gain / np.sqrt(H),
        b=rng.normal(size=G * H) * bias,
        b_rec=rng.normal(size=G * H) * bias,
    )
    initial = {state: rng.normal(size=(B, H)) * 0.7 for state in CELLS[cell].states}
    return parameters, rng.normal(size=(T, B, D)), initial


def output_gradient(kind, T, B, H, seed=0):
    """(T, B, H) random where a loss of that kind (a key of config.LOSSES) has a gradient, else 0."""
    gradient = np.random.default_rng([seed, 99]).normal(size=(T, B, H))
    chosen = {"last": [T - 1], "one": [T // 2], "every": range(T)}[kind]
    gradient[[t for t in range(T) if t not in chosen]] = 0.0
    return gradient


def as_dict(parameters):
    return {name: getattr(parameters, name) for name in WEIGHTS}


def flat(recording):
    """Everything that was recorded, name -> array."""
    out = {"h": recording.h, "dh": recording.dh, "dx": recording.dx, "log10_dh": recording.log10_dh}
    if recording.c is not None:
        out |= {"c": recording.c, "dc": recording.dc, "log10_dc": recording.log10_dc}
    if recording.loss is not None:
        out |= {"loss": recording.loss}
    out |= {f"value {name}": array for name, array in recording.gates.items()}
    for kind in ("preactivations", "input_terms", "recurrent_terms", "initial_state", "log10_shares", "shares"):
        out |= {f"{kind} {name}": array for name, array in getattr(recording, kind).items()}
    out |= {f"d{name}0": array for name, array in recording.initial_gradient.items()}
    out |= {f"d{name}": array for name, array in as_dict(recording.gradients).items()}
    out |= {f"parameters {name}": array for name, array in as_dict(recording.parameters).items()}
    for gate, (radius, largest) in recording.spectra.items():
        out |= {f"spectral radius {gate}": radius, f"singular value {gate}": largest}
    if recording.log10_bound is not None:
        out["log10_bound"] = recording.log10_bound
    return out | {"overflow_step": recording.overflow_step, "output_gradient": recording.output_gradient}


def assert_logs(found, expected, name="logarithm"):
    """Assert that logarithms agree to 1e-9, and that both are -inf where one is."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, name
    none = expected == -np.inf
    assert np.isfinite(expected[~none]).all() and (found[none] == -np.inf).all(), name
    assert (np.abs(found[~none] - expected[~none]) < 1e-9).all(), name


def loss_of(cell, parameters, inputs, gradient, initial):
    """sum(gradient * h), whose gradient by h is `gradient`, through the engine's forward pass."""
    return float((record_with(cell, parameters, inputs, gradient, initial).h * gradient).sum())


def central_difference(function, step):
    """d function(s) / ds at 0 by a five-point stencil."""
    near, far = function(step) - function(-step), function(2 * step) - function(-2 * step)
    return (8 * near - far) / (12 * step)


def check_finite_differences(cell, seed=0, smooth=None, rtol=1e-8):
    """Assert that every gradient of a recording is the derivative of sum(gradient * h) along a random direction."""
    parameters, x, initial = network(cell, seed=seed)
    gradient = output_gradient("every", 6, 3, 4, seed)
    recording = record_with(cell, parameters, x, gradient, initial)
    given = {**as_dict(parameters), "x": x, **{f"{s}0": a for s, a in initial.items()}}
    found = {**as_dict(recording.gradients), "x": recording.dx}
    found |= {f"{s}0": a for s, a in recording.initial_gradient.items()}
    assert set(found) == set(given)
    rng = np.random.default_rng(seed)
    step = 1e-3 if cell != "rnn_relu" else 1e-6  # relu is smooth only between its kinks
    for name, array in given.items():
        direction = rng.normal(size=array.shape)

        def loss(s, name=name, direction=direction):
            moved = {**given, name: given[name] + s * direction}
            weights = Parameters(**{n: moved[n] for n in WEIGHTS})
            return loss_of(cell, weights, moved["x"], gradient, {s: moved[f"{s}0"] for s in initial})

        terms = found[name] * direction
        error = abs(central_difference(loss, step) - terms.sum())
        assert error <= rtol * np.abs(terms).sum(), f"{cell}: gradient by {name} is off by {error:.3e}"


def check_finite_differences_of_each_state(cell, seed=7, rtol=1e-8):
    """The same for the total gradient by each state at each step, by going on from a moved state."""
    parameters, x, initial = network(cell, seed=seed)
    gradient = output_gradient("every", 6, 3, 4, seed)
    recording = record_with(cell, parameters, x, gradient, initial)
    definition = CELLS[cell]
    states = dict(zip(definition.states, (recording.forward.states[s] for s in definition.states)))
    rng = np.random.default_rng(seed)
    step = 1e-3 if cell != "rnn_relu" else 1e-6
    for t in range(6):
        known = {f"{s}_prev": a[t] for s, a in states.items()}
        for part, blocks in (
            ("a", recording.preactivations),
            ("x", recording.input_terms),
            ("u", recording.recurrent_terms),
        ):
            known |= {f"{part}_{g}": a[t] for g, a in blocks.items()}
        for state in definition.states:
            direction = rng.normal(size=(3, 4))

            def loss(s, t=t, known=known, state=state, direction=direction):
                value = dict(known)
                for name, equation in definition.equations.items():  # what is computed from the moved state moves too
                    value[name] = equation(*[value[r] for r in definition.reads[name]])
                    if name == state:
                        value[name] = value[name] + s * direction
                now = float((value["h"] * gradient[t]).sum())
                if t + 2 > 5:  # a recording has at least two steps
                    return now + sum(_step_losses(definition, parameters, x, gradient, value, range(t + 1, 6)))
                return now + loss_of(
                    cell, parameters, x[t + 1 :], gradient[t + 1 :], {s: value[s] for s in definition.states}
                )

            found = recording._cut(state)[t + 1]
            terms = found * direction
            error = abs(central_difference(loss, step) - terms.sum())
            assert error <= rtol * np.abs(terms).sum(), f"{cell}: gradient by {state}_{t + 1} is off by {error:.3e}"


def _step_losses(definition, parameters, x, gradient, value, steps):
    """The losses of the last one or no step, where there are too few to record."""
    for t in steps:
        twice = np.concatenate([x[t : t + 1]] * 2)
        loss = np.concatenate([gradient[t : t + 1], np.zeros_like(gradient[:1])])
        yield loss_of(definition.name, parameters, twice, loss, {s: value[s] for s in definition.states})
