"""What a figure of a paper is: rows of numbers, with what the paper says, what theory says, and what is measured."""

from collections.abc import Callable
from dataclasses import dataclass

from ..wording import shown

PASCANU = "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks"
STEPS = 100

ORIGINS = {
    "text": "text",
    "theorem": "theorem",
    "table": "table",
    "plot": "only a plot",
    "derived": "derived here",
    "memory": "from memory, not checked against the paper",
}
"""Where what a row says comes from."""


@dataclass(frozen=True)
class Row:
    """One number of a figure. says: what the paper says, in words. theory: exact. measured: now.

    origin: where that comes from, a key of `ORIGINS`. kind: "relative" or "absolute", |measured - theory| against
    `tolerance`; "below" or "above", measured on that side of theory.
    """

    what: str
    says: str
    theory: float
    measured: float
    tolerance: float = 0.0
    kind: str = "relative"
    origin: str = "text"

    @property
    def holds(self):
        if self.kind == "below":
            return self.measured <= self.theory + self.tolerance
        if self.kind == "above":
            return self.measured >= self.theory - self.tolerance
        scale = abs(self.theory) if self.kind == "relative" else 1.0
        return bool(abs(self.measured - self.theory) <= self.tolerance * scale)

    @property
    def allowed(self):
        if self.kind in ("below", "above"):
            return f"{self.kind} what theory says"
        if not self.tolerance:
            return "the same to the last digit"
        size = shown(self.tolerance if self.kind == "absolute" else 100 * self.tolerance)
        return f"within {size} of theory" if self.kind == "absolute" else f"within {size} % of theory"


@dataclass(frozen=True)
class Figure:
    """A figure of a paper: its name here, what it shows, where it is from, its settings, and how its rows are made.

    take_away: the one sentence of its page. variant: whether its authors' published code differs from the text.
    """

    name: str
    title: str
    citation: str
    settings: str
    rows: Callable
    take_away: str
    variant: bool = False
