"""What was recorded on one pass through a network, forward and back."""

from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property, wraps
from typing import Any

import numpy as np

from ..arguments import Named, choice, instance, read_only, whole
from ..cells import Cell
from ..config import Config
from ..names import NAMES
from ..scaled import LOG10_2, Scaled, log10_norm, near_one, shifted
from ..summary import summary
from .adjoint import Adjoint, Linearisation, pull_back
from .links import normalise_back
from .parameters import MoreParameters, Parameters
from .plan import columns, plan
from .unroll import Trajectory, input_terms

ROWS = 320
"""Rows of the matrices of which products over all steps are taken at a time."""

CANCELLED = 1e-6
"""A squared norm below this part of what it could be at most has lost digits to cancellation."""


def computed_once(function):
    """A property that is computed when it is first asked for, and cannot be written into."""

    @wraps(function)
    def frozen(self):
        found = function(self)
        read_only(list(vars(found).values()) if isinstance(found, Parameters) else found)
        return found

    return cached_property(frozen)


@dataclass(frozen=True, eq=False)
class Recording:
    """States, gates and gradients of one network at every step, or of an ensemble of K networks.

    T steps, B sequences in the batch, D inputs, H hidden units; in an ensemble every shape has K after T. Index t of
    a (T, ...) array is step t + 1 of the textbook, whose h_0 is the initial state. L is the loss. Norms are
    Euclidean, over the batch and the units together. Gradients are total derivatives: dL/dc_t includes the path
    through h_t of the same step. All arrays are read-only: copy one to change it. Where the state itself overflows, see
    `overflow_step`, a loss from that step on has no gradient that could be computed: nan at all steps before it.

    cell: the `Cell`. config: the `Config`, or None for one's own weights. parameters: `Parameters`.
    x: (T, B, D) input. output_gradient: (T, B, H), what was pulled back: the partial derivative of L by each output.
    loss: the value of L (K,), or None where only its gradient was given.
    forward, local, back: what the engine left behind: `Trajectory`, `Linearisation`, `Adjoint`.
    entering: output_gradient as `Scaled`, where it came from a layer above and may be outside float64; otherwise None.
    """

    cell: Cell
    parameters: Parameters
    x: np.ndarray
    output_gradient: np.ndarray
    loss: np.ndarray | None
    config: Config | None
    drawn_spectra: dict | None = field(repr=False)
    forward: Trajectory = field(repr=False)
    local: Linearisation = field(repr=False)
    back: Adjoint = field(repr=False)
    entering: Scaled | None = field(default=None, repr=False)

    def __repr__(self):
        K, B, H = (*self.h.shape[1:-2], *self.h.shape[-2:]) if self.h.ndim == 4 else (1, *self.h.shape[1:])
        D, over_time = self.x.shape[-1], self.h.shape[:-2]
        sizes = f"{self.steps} steps, batch size {B}, {D} input{'s' * (D > 1)}, {H} hidden unit{'s' * (H > 1)}"
        rows = [("x", self.x.shape, NAMES["x"]), *((s, self.h.shape, NAMES[s]) for s in self.cell.states)]
        rows += [(f"gates[{g!r}]", array.shape, NAMES.get(g, "")) for g, array in self.gates.items()]
        overflow = self._overflow()
        how = "nan where it cannot be computed" if overflow else "exact beyond float64's range"
        for s in self.cell.states:
            rows += [
                (f"d{s}", self.h.shape, f"gradient of the loss by the {NAMES[s]}"),
                (f"log10_d{s}", over_time, f"log10 of the norm of d{s}, {how}"),
            ]
        rows.append(("dx", (*self.h.shape[:-1], D), "gradient of the loss by the input"))
        own = dict(vars(self.parameters))
        own |= own.pop("learned", {})
        rows += [(f"gradients.{name}", array.shape, f"gradient of the loss by {name}") for name, array in own.items()]
        many = f" of {K} networks" if self.h.ndim == 4 else ""
        return summary(f"Recording{many}, {self.cell.title}: {sizes}{overflow}", rows)

    def _overflow(self):
        """A line that says where the state overflows; "" where it does not."""
        steps = np.atleast_1d(self.overflow_step)
        if not steps.any():
            return ""
        where = f" in {np.count_nonzero(steps)} of {len(steps)} networks, first" if len(steps) > 1 else ""
        return (
            f"\nstate overflows {self.h.dtype}{where} at step {steps[steps > 0].min()}: gradients of a loss from "
            "there on cannot be computed"
        )

    def network(self, k, config=None):
        """Network k of an ensemble, from 0, as a `Recording` of its own, with the `Config` it was drawn from.

        Raises ValueError for a k there is not, and where there is no ensemble.
        """
        if self.h.ndim != 4:
            raise ValueError(
                f"The recording must be of an ensemble, with h of the shape (T, K, B, H). Got {self.h.shape} instead."
            )
        k = whole("k", k, 0, self.h.shape[1] - 1)
        if config is not None:
            instance("config", config, Config, "a Config or None")
        return sealed(
            Recording(
                self.cell,
                _own(self.parameters, k, 0),
                _own(self.x, k),
                _own(self.output_gradient, k),
                _own(self.loss, k, 0),
                config,
                _own(self.drawn_spectra, k, 0),
                _own(self.forward, k),
                _own(self.local, k),
                _own(self.back, k),
            )
        )

    @property
    def steps(self):
        """T."""
        return len(self.x)

    @property
    def hidden_size(self):
        """H."""
        return self.parameters.U.shape[-1] // len(self.cell.gates)

    @property
    def h(self):
        """(T, B, H) hidden state h_t."""
        return self.forward.states["h"][1:]

    @property
    def c(self):
        """(T, B, H) cell state c_t; None for cells that have none."""
        return self.forward.states["c"][1:] if "c" in self.cell.states else None

    @property
    def states(self):
        """State name -> (T+1, B, H), index 0 the initial state."""
        return Named(self.forward.states)

    @property
    def initial_state(self):
        """State name -> (B, H) at step 0."""
        return {name: array[0] for name, array in self.forward.states.items()}

    @property
    def gates(self):
        """Name -> (T, B, H): the gates, the candidate, and whatever else the cell computes on the way to its state."""
        return Named(self.forward.values)

    @computed_once
    def preactivations(self):
        """Gate -> (T, B, H): a_k = x_t W_k + b_k + h_{t-1} U_k + b_rec_k."""
        with np.errstate(all="ignore"):
            return {g: self.input_terms[g] + self.recurrent_terms[g] for g in self.cell.gates}

    @computed_once
    def input_terms(self):
        """Gate -> (T, B, H): x_k = x_t W_k + b_k."""
        out = np.empty_like(self.forward.a)
        kept = self.local.normalised.get("x")
        with np.errstate(all="ignore"):
            input_terms(self.parameters, self.x, out, kept and [np.array(array) for array in kept])
        return self._blocks(out)

    @computed_once
    def recurrent_terms(self):
        """Gate -> (T, B, H): u_k = h_{t-1} U_k + b_rec_k."""
        with np.errstate(all="ignore"):
            out = np.concatenate(
                [
                    np.matmul(vector, columns(self.parameters.U, block, self.hidden_size))
                    for block, vector in self._multiplied
                ],
                axis=-1,
            )
            if "u" in self.local.normalised:
                scale, hat, _ = self.local.normalised["u"]
                out = scale * hat + self.parameters.learned["shift_u"][..., None, :]
            out += self.parameters.b_rec[..., None, :]
        return self._blocks(out)

    @computed_once
    def overflow_step(self):
        """(K,) the first step, counted from 1, whose state is infinite or not a number; 0 where all are finite."""
        return self.forward.overflow_step

    @computed_once
    def dh(self):
        """(T, B, H) dL/dh_t. Rounds to 0 or infinity outside float64; `log10_dh` does not."""
        return self._cut("h")[1:]

    @computed_once
    def dc(self):
        """(T, B, H) dL/dc_t; None for cells without a cell state."""
        return self._cut("c")[1:] if "c" in self.cell.states else None

    @computed_once
    def initial_gradient(self):
        """State name -> (B, H): the gradient of L by the initial state."""
        return {name: self._cut(name)[0] for name in self.cell.states}

    @computed_once
    def log10_dh(self):
        """(T, K) log10 of the norm of dL/dh_t, exact far outside float64's range; -inf where it is exactly 0.

        nan where it passes a state that overflows on the way forward, see `overflow_step`.
        """
        return self._log10_norm("h")

    @computed_once
    def log10_dc(self):
        """(T, K) log10 of the norm of dL/dc_t; None for cells without a cell state."""
        return self._log10_norm("c") if "c" in self.cell.states else None

    @property
    def norm_dh(self):
        """(T, K) norm of dL/dh_t."""
        return _power_of_10(self.log10_dh)

    @property
    def norm_dc(self):
        """(T, K) norm of dL/dc_t; None for cells without a cell state."""
        return None if self.log10_dc is None else _power_of_10(self.log10_dc)

    @computed_once
    def dx(self):
        """(T, B, D) dL/dx_t = sum over gates k of dL/dx_k W_k^T."""
        return self.input_gradient.true

    @cached_property
    def input_gradient(self):
        """dx as `Scaled`, with what is outside float64."""
        with np.errstate(all="ignore"):
            mantissa = np.matmul(self._input_side, np.swapaxes(self.parameters.W, -1, -2))
        read_only(mantissa)
        return Scaled(mantissa, None if self.back.exponent is None else self.back.exponent[1:])

    def gradient(self, state):
        """The total gradient by a state at steps 1 to T as `Scaled`. Raises ValueError for a state there is not."""
        choice("state", state, self.cell.states)
        return Scaled(self.back.cuts[state][1:], None if self.back.exponent is None else self.back.exponent[1:])

    @computed_once
    def gradients(self):
        """`Parameters` of the gradients dL/dW, dL/dU, dL/db, dL/db_rec, summed over steps and batch."""
        if isinstance(self.parameters, MoreParameters):
            return self._more_gradients()
        recurrent_side = self._true(self.back.gates)
        together = self._input_side is self.back.gates
        input_side = recurrent_side if together else self._true(self._input_side)
        with np.errstate(all="ignore"):
            found = [
                self._block_gradients(
                    columns(input_side, block, self.hidden_size),
                    vector,
                    None if together else columns(recurrent_side, block, self.hidden_size),
                )
                for block, vector in self._multiplied
            ]
            return Parameters(
                *(found[0] if len(found) == 1 else (np.concatenate(parts, axis=-1) for parts in zip(*found)))
            )

    def _more_gradients(self):
        """`MoreParameters` of the gradients of a cell that learns more than W, U, b and b_rec."""
        back, lin = self.back, self.local
        sums = {"a": back.gates, "u": back.behind.get("a", back.gates), "x": self._before_input_product}
        with np.errstate(all="ignore"):
            W, b = _summed_outer(self._true(self._input_side), self.x)[0], _summed(self._true(sums["x"]))
            recurrent = self._true(back.behind.get("u", sums["u"]))
            U = np.concatenate(
                [
                    _summed_outer(columns(recurrent, block, self.hidden_size), vector)[0]
                    for block, vector in self._multiplied
                ],
                axis=-1,
            )
            learned = {}
            for name, (_, hat, _) in lin.normalised.items():
                dy = self._true(sums[name]) if name in sums else self._cut(name)[1:]
                learned |= {f"scale_{name}": _summed(dy * hat), f"shift_{name}": _summed(dy)}
            if self.cell.projected:
                learned["R"] = _summed_outer(self._cut("h")[1:], self.forward.values[self.cell.projected])[0]
            for name in self.cell.vectors:
                learned[name] = sum(
                    _summed(self._cut(cut)[1:] * partials[name])
                    for cut, partials in lin.to_vectors.items()
                    if name in partials
                )
            return MoreParameters(W, U, b, _summed(self._true(sums["u"])), learned)

    def _block_gradients(self, inputs, vector, recurrent):
        """dL/dW, dL/dU, dL/db, dL/db_rec of some gates, from dL/dx_k and, where they differ, dL/du_k."""
        if recurrent is None:
            W, U, b = _summed_outer(inputs, self.x, vector)
            return W, U, b, b.copy()
        (W, b), (U, b_rec) = _summed_outer(inputs, self.x), _summed_outer(recurrent, vector)
        return W, U, b, b_rec

    @computed_once
    def log10_shares(self):
        """Parameter -> (T, K): log10 of the norm of step t's term of its gradient.

        Step t's term of dL/dU is the sum over the batch of h_{t-1}^T dL/du_t, and so on for "W" and "b".
        """
        input_side = self._input_side
        recurrent_side = self.back.behind.get("u", self.back.behind.get("a", self.back.gates))
        with np.errstate(all="ignore"):
            blocks = [
                _log10_outer(vector, columns(recurrent_side, block, self.hidden_size))
                for block, vector in self._multiplied
            ]
            logs = {
                "W": _log10_outer(self.x, input_side),
                "U": blocks[0] if len(blocks) == 1 else 0.5 * _log10_sum(*(2.0 * log for log in blocks)),
                "b": log10_norm(self._before_input_product.sum(axis=-2, keepdims=True)),
            }
            return {name: log + self._exponents(1) * LOG10_2 for name, log in logs.items()}

    @computed_once
    def shares(self):
        """Parameter -> (T, K): each step's part of the sum of the norms of all steps' terms; they add up to 1."""
        out = Named()
        for name, logs in self.log10_shares.items():
            top = logs.max(axis=0)
            with np.errstate(all="ignore"):
                relative = 10.0 ** (logs - np.where(np.isfinite(top), top, 0.0))
                total = relative.sum(axis=0)
                out[name] = relative / np.where(total > 0, total, 1.0)
        return out

    @computed_once
    def spectra(self):
        """Gate -> (spectral radius, largest singular value) of its block of U, each (K,); of R U for a projected h."""
        if self.drawn_spectra is not None:
            return self.drawn_spectra
        blocks = {g: self.parameters.gate(self.cell, g) for g in self.cell.gates}
        if self.cell.projected:
            blocks = {g: np.matmul(self.parameters.learned["R"], block) for g, block in blocks.items()}
        return {
            g: (np.abs(np.linalg.eigvals(block)).max(axis=-1), np.linalg.norm(block, 2, axis=(-2, -1)))
            for g, block in blocks.items()
        }

    @property
    def slope(self):
        """(T, B, H) dh_t/da_t, the slope of the activation at each step, for cells h = phi(a); otherwise None."""
        if self.cell.max_slope is None:
            return None
        ((_, partial),) = self.local.to_gates["h"]
        return partial[..., 0, :]

    @computed_once
    def log10_bound(self):
        """(T, K) log10 of an upper bound of the norm of dL/dh_t; None for cells it does not hold for.

        For h_t = phi(x_t W + h_{t-1} U + b): ||dL/dh_t|| <= s ||dL/dh_{t+1}|| + ||partial dL/dh_t||, where s is the
        largest singular value of U times the largest slope of phi (Pascanu, Mikolov, Bengio 2013, section 2.1).
        """
        if self.cell.max_slope is None:
            return None
        with np.errstate(divide="ignore"):
            per_step = np.log10(np.asarray(self.spectra["h"][1]) * self.cell.max_slope)
            entering = (self.entering or Scaled(self.output_gradient)).log10_norm()
        bound = np.empty_like(entering)
        bound[-1] = entering[-1]
        for t in range(self.steps - 2, -1, -1):
            bound[t] = _log10_sum(bound[t + 1] + per_step, entering[t])
        return bound

    @cached_property
    def last_loss(self):
        """The same recording with the gradient of its last loss alone; itself where the loss enters only once."""
        given = self.entering or Scaled(self.output_gradient)
        entered = np.flatnonzero(given.mantissa.any(axis=tuple(range(1, given.mantissa.ndim))))
        if len(entered) < 2:
            return self
        last = given.like(np.zeros_like(given.mantissa))
        last.mantissa[entered[-1]] = given.mantissa[entered[-1]]
        back = pull_back(self.local, self.parameters.U, last)
        return sealed(
            replace(
                self, output_gradient=last.true, loss=None, back=back, entering=None if last.exponent is None else last
            )
        )

    def _blocks(self, array):
        return {g: columns(array, slice(k, k + 1), self.hidden_size) for k, g in enumerate(self.cell.gates)}

    def _exponents(self, start):
        return 0 if self.back.exponent is None else self.back.exponent[start:]

    def _true(self, mantissas):
        """Adjoints at steps 1 to T, (T, K, B, ...), with their powers of two."""
        if self.back.exponent is None:
            return mantissas
        with np.errstate(all="ignore"):
            return shifted(mantissas, self.back.exponent[-len(mantissas) :])

    def _cut(self, name):
        return self._true(self.back.cuts[name])

    def _log10_norm(self, name):
        return log10_norm(self.back.cuts[name][1:]) + self._exponents(1) * LOG10_2

    @computed_once
    def _input_side(self):
        """(T, K, B, G*H) dL/d(x_t W): dL/dx_k, before the product is normalised if it is."""
        after = self._before_input_product
        if "x" not in self.local.normalised:
            return after
        out = np.empty_like(after)
        with np.errstate(all="ignore"):
            normalise_back(after, *self.local.normalised["x"], out)
        return out

    @computed_once
    def _before_input_product(self):
        """(T, K, B, G*H) dL/dx_k: dL/du_k but where an equation reads x_k apart from u_k."""
        gates, apart = self.back.behind.get("a", self.back.gates), {}
        for cut, partials in self.local.to_inputs.items():
            for k, partial in partials.items():
                apart[k] = apart.get(k, 0.0) + self.back.cuts[cut][1:] * partial
        if not apart:
            return gates
        out = gates.copy()
        for k, array in apart.items():
            columns(out, slice(k, k + 1), self.hidden_size)[...] = array
        return out

    @property
    def _multiplied(self):
        """Which vector (T, K, B, H) each block of columns of U multiplies."""
        walk = plan(self.cell)
        out = [(walk.early, self.forward.states["h"][:-1])] if walk.early.stop else []
        late = [stage.product for stage in walk.stages if stage.product]
        vectors = self.forward.values | {s: array[1:] for s, array in self.states.items()}
        return out + [(block, vectors[name]) for block, name in late]


def sealed(recording):
    """The recording, once nobody can write into its arrays: much is computed from them when it is first asked for."""
    parts = (recording.parameters, recording.forward, recording.local, recording.back)
    read_only([recording.x, recording.output_gradient, recording.loss, *(list(vars(part).values()) for part in parts)])
    return recording


def _own(value, k, axis=1) -> Any:
    """The part of network k of whatever holds arrays with K at that axis; an axis of 1 is shared by all."""
    if isinstance(value, np.ndarray):
        if value.ndim <= axis:
            return value
        return value.take(k if value.shape[axis] > 1 else 0, axis)
    if isinstance(value, dict):
        return {name: _own(inner, k, axis) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_own(inner, k, axis) for inner in value)
    if is_dataclass(value) and not isinstance(value, Cell):
        return replace(value, **{f.name: _own(getattr(value, f.name), k, axis) for f in fields(value)})
    return value


def _summed_outer(gradient, *vectors):
    """The sum over steps and batch of vector^T gradient for each of the vectors (T, K, B, P), and of the gradient.

    gradient: (T, K, B, Q). Returns (K, P, Q) for each, and (K, Q). They are rows of one matrix product, which is taken
    some steps at a time: the long axis is the one that is summed over.
    """
    steps, *networks, batch, _ = gradient.shape
    length = min(steps, max(1, ROWS // batch))
    left = np.ones((*networks, length * batch, sum(v.shape[-1] for v in vectors) + 1), gradient.dtype)
    total = None
    for start in range(0, steps, length):
        right = _networks_first(gradient[start : start + length])
        left, first = left[..., : right.shape[-2], :], 0
        for vector in vectors:
            left[..., first : first + vector.shape[-1]] = _networks_first(vector[start : start + length])
            first += vector.shape[-1]
        product = np.matmul(left.swapaxes(-1, -2), right)
        total = product if total is None else np.add(total, product, out=total)
    out, first = [], 0
    for vector in vectors:
        out.append(total[..., first : first + vector.shape[-1], :])
        first += vector.shape[-1]
    return *out, total[..., first, :]


def _summed(array):
    """(K, P) the sum of (T, K, B, P) over steps and batch."""
    return array.sum(axis=(0, -2))


def _networks_first(array):
    """(T, K, B, P) as (K, T*B, P), or (T, B, P) as (T*B, P)."""
    if array.ndim == 3:
        return array.reshape(-1, array.shape[-1])
    return np.moveaxis(array, 1, 0).reshape(array.shape[1], -1, array.shape[-1])


def _power_of_10(logs):
    with np.errstate(over="ignore"):
        return 10.0**logs


def _log10_outer(left, right):
    """(T, K) log10 of the Frobenius norm of left_t^T right_t, from the Gram matrices of the two.

    The product itself is formed only where the terms of the sequences cancel, and the Gram matrices lose digits.
    """
    (left, taken_left), (right, taken_right) = near_one(left), near_one(right)
    grams = [np.matmul(a, np.swapaxes(a, -1, -2)) for a in (left, right)]
    squares = (grams[0] * grams[1]).sum(axis=(-1, -2))
    largest = np.trace(grams[0], axis1=-2, axis2=-1) * np.trace(grams[1], axis1=-2, axis2=-1)
    left, right = (np.broadcast_to(a, (*squares.shape, *a.shape[-2:])) for a in (left, right))
    for where in zip(*np.nonzero(squares < CANCELLED * largest)):
        squares[where] = ((left[where].T @ right[where]) ** 2).sum()
    return 0.5 * np.log10(squares) + taken_left + taken_right


def _log10_sum(a, b):
    """log10(10**a + 10**b)."""
    high = np.maximum(a, b)
    base = np.where(np.isfinite(high), high, 0.0)
    with np.errstate(all="ignore"):
        return base + np.log10(10.0 ** (a - base) + 10.0 ** (b - base))
