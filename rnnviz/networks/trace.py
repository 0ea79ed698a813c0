"""Everything that one pass through a network leaves behind, forward and back."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..arguments import Named, read_only, whole
from ..config import NetworkConfig
from ..engine.parameters import Parameters
from ..engine.recording import Recording, _own
from ..layers import Pass
from ..scaled import Scaled
from ..summary import summary
from .base import Network

Learned = Parameters | dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Signal:
    """One array of a pass. value: (T, B, W), in an ensemble (T, K, B, W). kind: "input", "output", "state", "gate",
    "value" or "mask". gradient: dL/dvalue as `Scaled`; None where it is not recorded."""

    value: np.ndarray
    kind: str
    gradient: Scaled | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """Outputs, states, gates and gradients of every node of a network at every step.

    T steps, B sequences in the batch, D inputs; in an ensemble every shape has K after T. Index t of a (T, ...) array
    is position t + 1 of the sequence, for layers of both directions. L is the loss. All arrays are read-only.

    network: `Network`. parameters, gradients: node -> {name: array}, what is learned, and dL/d of it; `Parameters` for
    recurrent layers whose cell learns no more than that. x: (T, B, D). outputs: node -> (T, B, W), what it makes; "x"
    for the input. output_gradient: (T, B, W), what was pulled back. loss: L, (K,), or None where only its gradient was
    given. total: node -> dL/doutput, `Scaled`, over all its readers; "x" for the input. arrows: (reader, read) -> what
    of it comes back through that reader, `Scaled`. config: `NetworkConfig` or None.
    """

    network: Network
    parameters: dict[str, Learned]
    gradients: dict[str, Learned]
    x: np.ndarray
    outputs: dict[str, np.ndarray]
    output_gradient: np.ndarray
    loss: np.ndarray | None
    total: dict[str, Scaled] = field(repr=False)
    arrows: dict[tuple[str, str], Scaled] = field(repr=False)
    passes: dict[str, Pass] = field(repr=False)
    config: NetworkConfig | None = field(default=None, repr=False)

    def __repr__(self):
        rows = [("x", self.x.shape, "input")]
        for node in self.network.nodes:
            what = f"{type(node.layer).__name__.lower()}, reads {', '.join(node.reads)}"
            first = np.atleast_1d(self.overflow_step.get(node.name, 0))
            if first.any():
                what += f"; its state overflows float64 at its step {first[first > 0].min()}"
            rows.append((f"outputs[{node.name!r}]", self.outputs[node.name].shape, what))
        many = f" of {self.x.shape[1]} networks" if self.x.ndim == 4 else ""
        return summary(
            f"Trace{many}: {len(self.x)} steps, {len(self.network.nodes)} nodes, "
            f"{len(self.network.recurrent)} of them recurrent",
            rows,
        )

    def one(self, k):
        """Network k of an ensemble, from 0, as a `Trace` of its own. Raises ValueError as `Recording.network` does."""
        if self.x.ndim != 4:
            raise ValueError(
                f"The trace must be of an ensemble, with x of the shape (T, K, B, D). Got {self.x.shape} instead."
            )
        k = whole("k", k, 0, self.output.shape[1] - 1)
        alone = replace(
            self,
            **{name: Named(_own(getattr(self, name), k, 0)) for name in ("parameters", "gradients")},
            **{name: Named(_own(getattr(self, name), k)) for name in ("outputs", "total", "arrows")},
            x=_own(self.x, k),
            output_gradient=_own(self.output_gradient, k),
            loss=_own(self.loss, k, 0),
            passes={name: _alone(own, k) for name, own in self.passes.items()},
        )
        return sealed(alone)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.x)

    @property
    def output(self) -> np.ndarray:
        """(T, B, W) what the last node makes."""
        return self.outputs[self.network.output]

    @cached_property
    def recordings(self) -> dict[str, Recording]:
        """Recurrent node -> `Recording`, in the order in which the layer takes its steps; of a backward one step 1 is
        the end of the sequence."""
        return Named({node.name: self.passes[node.name].recording for node in self.network.recurrent})

    @cached_property
    def signals(self) -> dict[tuple[str, str], Signal]:
        """(node, name) -> `Signal`: the states, gates and masks inside the nodes, and each node's output under "y"."""
        found = Named({("x", "y"): Signal(self.x, "input", self.total["x"])})
        for node in self.network.nodes:
            own, cell = self.passes[node.name], getattr(node.layer, "cell", None)
            for name, value in own.signals.items():
                kind = (
                    "mask"
                    if cell is None or name in cell.masks
                    else "state"
                    if name in cell.states
                    else ("gate" if name in cell.opens else "value")
                )
                found[node.name, name] = Signal(value, kind, own.adjoints.get(name))
            found[node.name, "y"] = Signal(self.outputs[node.name], "output", self.total[node.name])
        return found

    @cached_property
    def log10_dh(self) -> dict[str, np.ndarray]:
        """Recurrent node -> (T, K) log10 of the norm of dL/dh_t, exact far outside float64's range; nan where it passes
        a state that overflows, see `overflow_step`."""
        return Named(
            {node.name: read_only(self.passes[node.name].adjoints["h"].log10_norm()) for node in self.network.recurrent}
        )

    @cached_property
    def log10_arrows(self) -> dict[tuple[str, str], np.ndarray]:
        """(reader, read) -> (T, K) log10 of the norm of what comes back along that arrow at each position."""
        return Named({arrow: read_only(gradient.log10_norm()) for arrow, gradient in self.arrows.items()})

    @cached_property
    def overflow_step(self) -> dict[str, np.ndarray]:
        """Recurrent node -> (K,) the first of its own steps, from 1, whose state is not finite; 0 where all are."""
        return Named({name: recording.overflow_step for name, recording in self.recordings.items()})

    @property
    def dx(self) -> np.ndarray:
        """(T, B, D) dL/dx_t. Rounds to 0 or infinity outside float64; `total["x"]` does not."""
        return self.total["x"].true


def sealed(trace):
    """The trace, once nobody can write into its arrays."""
    adjoints = [own.adjoints for own in trace.passes.values()]
    scaled = [one for group in (trace.total, trace.arrows, *adjoints) for one in group.values()]
    learned = [own for part in (trace.parameters, trace.gradients) for own in part.values() if isinstance(own, dict)]
    read_only([trace.x, trace.output_gradient, trace.loss, trace.outputs, [one.mantissa for one in scaled], learned])
    read_only([own.signals for own in trace.passes.values()])
    return trace


def _alone(whole_pass, k):
    """The part of network k of a `Pass` that was pulled back."""
    found = Pass(_own(whole_pass.output, k), None, _own(whole_pass.signals, k), _own(whole_pass.adjoints, k))
    if hasattr(whole_pass, "recording"):
        found.recording = whole_pass.recording.network(k)
    return found
