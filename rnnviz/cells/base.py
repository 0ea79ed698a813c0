"""What a layer computes at one step, written as its equations.

A cell reads the input x_t and the previous state. Both meet in affine maps, one block of H columns a gate:

    x_k = x_t W_k + b_k        u_k = h_{t-1} U_k + b_rec_k        a_k = x_k + u_k

and everything after that works unit by unit. A `Cell` holds those pointwise equations, in the order in which they
are evaluated. An equation is a function; the names of its arguments say what it reads:

    a               its own pre-activation, for an equation that is an activation and nothing else
    a_k             the pre-activation of gate k
    x_k, u_k        its two parts, for a gate that is read in parts everywhere
    h_prev, c_prev  a state of the previous step
    any other name  the result of an earlier equation of this step, a mask, or a vector that is learned

Nobody writes the derivative of a cell: autograd differentiates each equation (see `rnnviz.engine.adjoint`) by the rules
of the elementary functions. It has all of them but sigma's, which stands here.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from autograd.extend import defvjp, primitive

from ..arguments import choice


@primitive
def expit(a):
    return 1.0 / (1.0 + np.exp(-a))  # where exp overflows, the result is the right limit, 0


# Where a gate is open, 1 - sigma(a) would be rounded away; sigma(-a) = 1 / (1 + exp(a)) is not.
defvjp(expit, lambda s, a: lambda g: g * s / (1.0 + np.exp(a)))


def sigmoid(a):
    return expit(a)


def tanh(a):
    return np.tanh(a)


def relu(a):
    return np.maximum(a, -1e38) * (a > 0)  # without the maximum, minus infinity would become not a number


def identity(a):
    return 1.0 * a


@dataclass(frozen=True, eq=False)
class Cell:
    """A recurrent cell: its names and its equations.

    name: the key in `CELLS`. title: as printed. family: cells that are alternatives to one another.
    gates: the blocks of columns of W, U, b and b_rec, in order.
    states: what is carried to the next step; the first one, h, is the output and what U multiplies.
    equations: name -> function, in order of evaluation.
    multiplied: gate -> name of the vector that its block of U multiplies, where that is not h_prev.
    latex: name -> right-hand side of the equation, in LaTeX.
    max_slope: the largest slope of the activation, for cells of the form h = phi(x W + h U + b); otherwise None.
    kind: what sets it apart from the others of its family, in a word or two; its title if empty.
    opens: the values that are gates, between 0 and 1. keeps: the one of them that multiplies the previous value of the
    last state, if one does.
    masks: names that equations read and that are drawn, one number a unit and step -> "kept", 0 with the probability p
    and otherwise 1 / (1 - p), or "held", 1 with the probability p and otherwise 0. vectors: names that equations read
    and that are learned, one number a unit.
    normalised: name -> what it is the layer normalisation of (Ba, Kiros and Hinton 2016), with a scale and a shift that
    are learned. The name is "x", "u" or "a" and stands for itself, all gates together: the product x_t W, before b; the
    product h_{t-1} U, before b_rec; or their sum. Or it is a name of its own, which equations read, and of an equation.
    projected: the equation whose result times R, which is learned, is h; empty where h is an equation itself.
    """

    name: str
    title: str
    family: str
    gates: tuple[str, ...]
    states: tuple[str, ...]
    equations: Mapping[str, Callable]
    latex: Mapping[str, str]
    multiplied: Mapping[str, str] = field(default_factory=dict)
    max_slope: float | None = None
    kind: str = ""
    opens: tuple[str, ...] = ()
    keeps: str = ""
    masks: Mapping[str, str] = field(default_factory=dict)
    vectors: tuple[str, ...] = ()
    normalised: Mapping[str, str] = field(default_factory=dict)
    projected: str = ""

    @cached_property
    def reads(self) -> dict[str, tuple[str, ...]]:
        """name -> what each equation reads, with 'a' spelled out as 'a_<own name>'."""
        return {
            name: tuple(f"a_{name}" if arg == "a" else arg for arg in inspect.signature(function).parameters)
            for name, function in self.equations.items()
        }

    @cached_property
    def cuts(self) -> tuple[str, ...]:
        """What the backward recursion carries the adjoint of: states, vectors that U multiplies, what is normalised."""
        out = []
        for name in self.equations:
            if name in self.states or name in (*self.multiplied.values(), *self.normalised.values(), self.projected):
                out.append(name)
            out += [new for new, of in self.normalised.items() if of == name]
            out += ["h"] * (name == self.projected)
        return tuple(out)

    def learned(self, width: int, outputs: int | None = None) -> dict[str, tuple[int, ...]]:
        """Name -> shape of what is learned beside W, U, b and b_rec, for H = width and h of that many outputs."""
        own = {"R": (width, outputs or width)} if self.projected else {}
        own |= {name: (width,) for name in self.vectors}
        sizes = {name: len(self.gates) * width if name in WHOLE else width for name in self.normalised}
        return own | {f"{part}_{name}": (n,) for name, n in sizes.items() for part in ("scale", "shift")}

    def __post_init__(self):
        known = {f"{part}_{gate}" for gate in self.gates for part in "axu"} | {f"{s}_prev" for s in self.states}
        known |= {*self.masks, *self.vectors}
        for name, reads in self.reads.items():
            unknown = [r for r in reads if r not in known]
            if unknown:
                raise ValueError(
                    f"The equation {name!r} of cell {self.name!r} must read pre-activations, previous states "
                    f"or results above it. Got {unknown[0]!r} instead."
                )
            known |= {name, *(new for new, of in self.normalised.items() if of == name)}
        for gate in self.gates:
            parts = sorted({r for reads in self.reads.values() for r in reads if r[1:] == f"_{gate}" and r[0] in "axu"})
            if parts not in ([f"a_{gate}"], [f"u_{gate}", f"x_{gate}"]):
                raise ValueError(
                    f"The cell {self.name!r} must read gate {gate!r} either whole, as 'a_{gate}', or in both its "
                    f"parts, 'x_{gate}' and 'u_{gate}'. Got {parts} instead."
                )
        self._check_normalised()
        strange = [n for n in (*self.opens, *filter(None, [self.keeps])) if n not in self.equations]
        if strange:
            raise ValueError(
                f"The 'opens' and 'keeps' of cell {self.name!r} must name equations of its own. Got {strange[0]!r} "
                "instead."
            )
        made = (
            {*self.equations, "h"}
            if self.projected in self.equations and "h_prev" not in {r for reads in self.reads.values() for r in reads}
            else self.equations
        )
        missing = [n for n in (*self.states, *self.multiplied.values()) if n not in made]
        if missing or not self.states or self.states[0] != "h":
            raise ValueError(
                f"The cell {self.name!r} must have an equation for each of its states, the first being 'h'. "
                f"Got states {self.states}, equations {tuple(self.equations)} instead."
            )

    def _check_normalised(self):
        """Raises ValueError for a normalisation of what there is not, or not in one piece."""
        read = {r for reads in self.reads.values() for r in reads}
        for name, of in self.normalised.items():
            if name in WHOLE:
                parts = {r[2:] for r in read if r[:2] in ("x_", "u_")} & set(self.gates)
                if of != name or self.multiplied or (name == "a" and parts):
                    raise ValueError(
                        f"The cell {self.name!r} must have one recurrent product to be normalised, and gates that are "
                        f"read whole to have their sum normalised. Got {name!r} instead."
                    )
            elif of not in self.equations or name in self.equations:
                raise ValueError(f"The cell {self.name!r} must normalise an equation. Got {of!r} instead.")


WHOLE = ("x", "u", "a")
"""What of all gates together can be normalised."""

CELLS: dict[str, Cell] = {}


def register(cell: Cell) -> Cell:
    """Add a cell to `CELLS`, under its name, for every page, test and benchmark to find; returns the cell."""
    CELLS[cell.name] = cell
    return cell


def find(name: str) -> Cell:
    """The registered cell of that name. Raises ValueError naming those there are."""
    return CELLS[choice("cell", name, CELLS)]
