"""Cells made from cells: with layer normalisation, learned peepholes, a projection, dropout in the step, zoneout."""

import inspect
from dataclasses import replace
from functools import lru_cache

from .base import Cell, sigmoid


def reading(function, names):
    """The function as an equation that reads these names."""

    def equation(*arguments):
        return function(*arguments)

    equation.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    return equation


def _instead(cell, old, new):
    """Name -> equation, which reads the one name instead of the other."""
    return {
        name: reading(function, [new if r == old else r for r in cell.reads[name]])
        if old in cell.reads[name]
        else function
        for name, function in cell.equations.items()
    }


def _refused(cell, what, why):
    return ValueError(f"The cell of {what} must be {why}. Got {cell.name!r} instead.")


@lru_cache(maxsize=64)
def normalised(cell, place):
    """Layer normalisation (Ba, Kiros and Hinton 2016) in one of three places.

    place: "product", of x_t W and of h_{t-1} U, each by itself; "sum", of the two together; "state", of the cell state
    where h_t reads it. Raises ValueError for a cell that has no such place.
    """
    if place != "state":
        names = ("x", "u") if place == "product" else ("a",)
        return replace(
            cell, name=f"{cell.name}, {place} normalised", max_slope=None, normalised={name: name for name in names}
        )
    if "c" not in cell.states:
        raise _refused(cell, "a normalised state", "one with a cell state")
    h = reading(cell.equations["h"], ["m" if r == "c" else r for r in cell.reads["h"]])
    return replace(
        cell,
        name=f"{cell.name}, state normalised",
        equations={**cell.equations, "h": h},
        normalised=dict(cell.normalised) | {"m": "c"},
    )


@lru_cache(maxsize=64)
def peephole(cell):
    """Gates of an LSTM that also read the cell state, through a learned weight a unit (Gers and Schmidhuber 2000).

    i and f read c_{t-1}, o reads c_t. Raises ValueError for a cell without a cell state.
    """
    if "c" not in cell.states:
        raise _refused(cell, "peepholes", "one with a cell state")

    def gate(a, p, c):
        return sigmoid(a + p * c)

    early = {g: reading(gate, (f"a_{g}", f"p_{g}", "c_prev")) for g in cell.gates if g in cell.opens and g != "o"}
    equations = {}
    for name, function in cell.equations.items():
        if name != "o":
            equations[name] = early.get(name, function)
        if name == "c":
            equations["o"] = reading(gate, ("a_o", "p_o", "c"))
    return replace(
        cell,
        name=f"{cell.name}, peepholes",
        equations=equations,
        vectors=tuple(f"p_{g}" for g in cell.gates if g in cell.opens),
    )


@lru_cache(maxsize=64)
def projected(cell):
    """h_t = (what h would be) R, with fewer units than c (Sak, Senior and Beaufays 2014), as torch.nn.LSTM's proj_size.

    Raises ValueError for a cell whose equations read h_{t-1}: they would mix two widths.
    """
    if len(cell.states) < 2 or any("h_prev" in reads for reads in cell.reads.values()):
        raise _refused(cell, "a projected state", "one with a cell state, that reads h through U alone")
    equations = {"full" if name == "h" else name: function for name, function in cell.equations.items()}
    return replace(cell, name=f"{cell.name}, projected", equations=equations, projected="full")


@lru_cache(maxsize=64)
def recurrent_dropout(cell):
    """A mask on h_{t-1} before it is multiplied by U: fresh at every step, or one for all (Gal and Ghahramani 2016).

    Raises ValueError for a cell whose U multiplies another vector as well.
    """
    if cell.multiplied or cell.projected:
        raise _refused(cell, "recurrent dropout", "one whose U multiplies h alone, which is as wide as its gates")

    def dropped(m_h, h_prev):
        return m_h * h_prev

    return replace(
        cell,
        name=f"{cell.name}, recurrent dropout",
        equations={"d": dropped, **cell.equations},
        multiplied=dict.fromkeys(cell.gates, "d"),
        masks={"m_h": "kept"},
        max_slope=None,
    )


@lru_cache(maxsize=64)
def candidate_dropout(cell):
    """A mask on the candidate alone, so that what is in the memory meets no other (Semeniuta, Severyn, Barth 2016).

    Raises ValueError for a cell without gates.
    """
    if not cell.opens:
        raise _refused(cell, "dropout on the candidate", "one with gates")
    (candidate,) = (gate for gate in cell.gates if gate not in cell.opens)

    def dropped(m, value):
        return m * value

    equations = {}
    for name, function in _instead(cell, candidate, "d").items():
        equations[name] = function
        if name == candidate:
            equations["d"] = reading(dropped, ("m_d", candidate))
    return replace(cell, name=f"{cell.name}, candidate dropout", equations=equations, masks={"m_d": "kept"})


@lru_cache(maxsize=64)
def zoneout(cell):
    """Some units keep their state: s_t = m s_{t-1} + (1 - m) (what the cell makes) (Krueger et al. 2017).

    Raises ValueError for a cell with a projected state.
    """
    if cell.projected:
        raise _refused(cell, "zoneout", "one whose state is not projected")

    def held(m, previous, made):
        return m * previous + (1.0 - m) * made

    equations, made = {}, {state: f"{state}_new" for state in cell.states}
    for name, function in cell.equations.items():
        equations[made.get(name, name)] = reading(function, [made.get(r, r) for r in cell.reads[name]])
        if name in made:
            equations[name] = reading(held, (f"m_{name}", f"{name}_prev", made[name]))
    return replace(
        cell,
        name=f"{cell.name}, zoneout",
        equations=equations,
        keeps="",
        masks={f"m_{state}": "held" for state in cell.states},
        max_slope=None,
    )


NOISES = {"recurrent": recurrent_dropout, "candidate": candidate_dropout, "zoneout": zoneout}
"""Where noise can be inside a step."""


def variant(cell, place="none", peepholes=False, noise="none", project=False) -> Cell:
    """The cell with all of these: `place` of a normalisation, `peepholes`, a key of `NOISES`. "none" leaves it out."""
    cell = peephole(cell) if peepholes else cell
    cell = normalised(cell, place) if place != "none" else cell
    cell = projected(cell) if project else cell
    return NOISES[noise](cell) if noise != "none" else cell
