"""What a layer computes at one step, written as its equations.

A cell reads the input x_t and the previous state. Both meet in affine maps, one block of H columns a gate:

    x_k = x_t W_k + b_k        u_k = h_{t-1} U_k + b_rec_k        a_k = x_k + u_k

and everything after that works unit by unit. A `Cell` holds those pointwise equations, in the order in which they
are evaluated. An equation is a function; the names of its arguments say what it reads:

    a               its own pre-activation, for an equation that is an activation and nothing else
    a_k             the pre-activation of gate k
    x_k, u_k        its two parts, for a gate that is read in parts everywhere
    h_prev, c_prev  a state of the previous step
    any other name  the result of an earlier equation of this step

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


# 1 - sigma(a) would be rounded away where a gate is open; sigma(-a) is not.
defvjp(expit, lambda s, a: lambda g: g * s * expit(-a))

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

    @cached_property
    def reads(self):
        """name -> what each equation reads, with 'a' spelled out as 'a_<own name>'."""
        return {
            name: tuple(f"a_{name}" if arg == "a" else arg for arg in inspect.signature(function).parameters)
            for name, function in self.equations.items()
        }

    @cached_property
    def cuts(self):
        """The equations whose adjoint the backward recursion carries: states, and vectors that U multiplies."""
        return tuple(n for n in self.equations if n in self.states or n in self.multiplied.values())

    def __post_init__(self):
        known = {f"{part}_{gate}" for gate in self.gates for part in "axu"} | {f"{s}_prev" for s in self.states}
        for name, reads in self.reads.items():
            unknown = [r for r in reads if r not in known]
            if unknown:
                raise ValueError(
                    f"The equation {name!r} of cell {self.name!r} must read pre-activations, previous states "
                    f"or results above it. Got {unknown[0]!r} instead."
                )
            known.add(name)
        for gate in self.gates:
            parts = sorted({r for reads in self.reads.values() for r in reads if r[1:] == f"_{gate}" and r[0] in "axu"})
            if parts not in ([f"a_{gate}"], [f"u_{gate}", f"x_{gate}"]):
                raise ValueError(
                    f"The cell {self.name!r} must read gate {gate!r} either whole, as 'a_{gate}', or in both its "
                    f"parts, 'x_{gate}' and 'u_{gate}'. Got {parts} instead."
                )
        strange = [n for n in (*self.opens, *filter(None, [self.keeps])) if n not in self.equations]
        if strange:
            raise ValueError(
                f"The 'opens' and 'keeps' of cell {self.name!r} must name equations of its own. Got {strange[0]!r} "
                "instead."
            )
        missing = [n for n in (*self.states, *self.multiplied.values()) if n not in self.equations]
        if missing or not self.states or self.states[0] != "h":
            raise ValueError(
                f"The cell {self.name!r} must have an equation for each of its states, the first being 'h'. "
                f"Got states {self.states}, equations {tuple(self.equations)} instead."
            )


CELLS: dict[str, Cell] = {}


def register(cell):
    """Add a cell to `CELLS`, under its name, for every page, test and benchmark to find; returns the cell."""
    CELLS[cell.name] = cell
    return cell


def find(name):
    """The registered cell of that name. Raises ValueError naming those there are."""
    return CELLS[choice("cell", name, CELLS)]
