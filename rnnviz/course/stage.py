"""What a stage of a lesson is: one setting, one question or none, one picture, one sentence."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..config import Number


@dataclass(frozen=True)
class Slider:
    """The one thing that a stage moves.

    field: of `Config`; empty where it moves how far one looks. bound: what it can be, its default being the stage's
    own setting. moves: labels of the networks that it moves; all of them where empty.
    """

    label: str
    bound: Number
    field: str = ""
    moves: tuple = ()


@dataclass(frozen=True)
class Question:
    """What to guess before the picture is seen. right: function of label -> `Recording`, giving one of the options."""

    text: str
    options: tuple
    right: Callable


@dataclass(frozen=True)
class Notes:
    """For the teacher: minutes, what to say, what they will ask and the answer, what to try next."""

    minutes: int
    say: str = ""
    asked: str = ""
    answer: str = ""
    next: str = ""


@dataclass(frozen=True, eq=False)
class Stage:
    """One screen of a lesson.

    id: "1.3" is the third of lesson 1. networks: label -> `Config`. sentence: function of label -> `Recording` and the
    slider's value, in the markup of `glossary`. picture: a name in `figures.course.PICTURES`. words: those of the
    glossary that are met here first. page, settings: of the last stage of a lesson, the page to explore, without
    ".py", and control -> text as in its address.
    """

    id: str
    title: str
    networks: dict
    sentence: Callable
    picture: str = "curves"
    slider: Slider | None = None
    question: Question | None = None
    words: tuple = ()
    notes: Notes | None = None
    page: str = ""
    settings: dict = field(default_factory=dict)

    @property
    def control(self):
        """Name of the control that its slider is, also in the address."""
        return f"at_{self.id}"

    @property
    def value(self):
        """What its slider stands at to begin with; None without one."""
        return self.slider.bound.default if self.slider else None

    def at(self, value):
        """label -> `Config`, with the slider at a value."""
        if self.slider is None or not self.slider.field:
            return self.networks
        moved = self.slider.moves or self.networks
        return {label: replace(config, **{self.slider.field: value}) if label in moved else config
                for label, config in self.networks.items()}
