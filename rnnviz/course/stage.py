"""What a stage of a lesson is: one setting, one question or none, one picture, one sentence."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace

from ..cliff import descend_many
from ..config import Config, NetworkConfig, NetworkTrainConfig, Number, TrainConfig
from ..engine.record import _kinds
from ..networks.record import record, record_each
from ..networks.train import Training
from ..noise import Grid, Memory, masked, sampled


@dataclass(frozen=True)
class Downhill:
    """A start on the cliff and how the descents go from there, see `cliff.descend`."""

    w: float
    b: float
    rate: float
    threshold: float


def _descents(many):
    return descend_many(*zip(*map(astuple, many)))


def _trainings(many):
    return [Training(config) for config in many]


def _traces(many):
    return record_each(many) if len(_kinds(many)) == 1 else [record(config) for config in many]


BECOMES = {
    Config: record_each,
    NetworkConfig: _traces,
    Downhill: _descents,
    TrainConfig: _trainings,
    NetworkTrainConfig: _trainings,
    Memory: lambda many: list(map(sampled, many)),
    Grid: lambda many: list(map(masked, many)),
}
"""Kind of a setting -> function that makes a list of them what they set: recordings, descents, trainings, masks."""


def become(settings):
    """What a list of settings of one kind becomes, see `BECOMES`."""
    return BECOMES[type(settings[0])](settings)


@dataclass(frozen=True)
class Slider:
    """The one thing that a stage moves.

    field: of the setting; empty where it moves how far one looks. bound: what it can be, its default being the stage's
    own setting; with `powers`, of the logarithm of what it sets. moves: labels of the networks that it moves; all of
    them where empty. play: with a button to play through it.
    """

    label: str
    bound: Number
    field: str = ""
    moves: tuple = ()
    powers: bool = False
    play: bool = False


@dataclass(frozen=True)
class Question:
    """What to guess before the picture is seen. right: function of `Stage.networks` become, giving an option."""

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
class Link:
    """To a page: its name without ".py", what the link says, and control -> text as in the page's address."""

    page: str
    says: str
    settings: dict


@dataclass(frozen=True, eq=False)
class Stage:
    """One screen of a lesson.

    id: "1.3" is the third of lesson 1. networks: label -> setting, all of one kind of `BECOMES`; picture, sentence and
    the answer to the question are functions of label -> what it becomes. sentence: of that and the slider's value, None
    while a training still runs, in the markup of `glossary`. picture: a name in `figures.course.PICTURES`. words: those
    of the glossary that are met here first. trains: whether its networks are trainings, which run before the slider
    comes. page, settings: of the last stage of a lesson, the page to explore, without ".py", and control -> text as in
    its address. link: to where the same is seen from another side.
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
    trains: bool = False
    page: str = ""
    settings: dict = field(default_factory=dict)
    link: Link | None = None

    @property
    def control(self):
        """Name of the control that its slider is, also in the address."""
        return f"at_{self.id}"

    @property
    def value(self):
        """What its slider stands at to begin with; None without one."""
        return self.slider.bound.default if self.slider else None

    def at(self, value):
        """label -> setting, with the slider at a value."""
        if self.slider is None or not self.slider.field:
            return self.networks
        moved = self.slider.moves or self.networks
        change = {self.slider.field: 10.0**value if self.slider.powers else value}
        return {
            label: replace(setting, **change) if label in moved else setting for label, setting in self.networks.items()
        }
