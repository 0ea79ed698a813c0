"""A stage on the screen: its slider, its picture and its sentence, alive together."""

from ..engine.record import record_each
from ..figures.course import PICTURES
from . import state
from .films import Film, films
from .live import live_slider
from .plot import plot
from .recorded import recorded
from .words import words


def scene(stage, recordings, value):
    """Everything of a stage that its recordings decide, by name."""
    return {
        f"picture-{stage.id}": PICTURES[stage.picture](recordings, value),
        f"sentence-{stage.id}": stage.sentence(recordings, value),
    }


def film(stage, value):
    """The `Film` of a stage's slider: all networks of a few values are recorded in one pass."""

    def scenes(values):
        every = [stage.at(v) for v in values]
        found = {}
        for label, config in stage.networks.items():
            moved = [configs[label] for configs in every]
            still = all(c == config for c in moved)
            found[label] = [recorded({label: config})[label]] * len(values) if still else record_each(moved)
        return [scene(stage, {label: each[k] for label, each in found.items()}, v) for k, v in enumerate(values)]

    return Film(stage.control, stage.slider.bound, value, scenes, ("stage", stage.id))


def live_stage(stage, how_to_read):
    """Slider, picture and sentence of a stage, which follow one another. Call it inside a fragment."""
    value = None
    if stage.slider:
        value = live_slider(stage.control, stage.slider.label, state.CONTROLS[stage.control])
    seen = scene(stage, recorded(stage.at(value)), value)
    plot(seen[f"picture-{stage.id}"], f"picture-{stage.id}", how_to_read, caption=False)
    words(seen[f"sentence-{stage.id}"], f"sentence-{stage.id}", "verdict")
    if stage.slider:
        films(film(stage, value))
