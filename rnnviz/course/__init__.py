"""The lessons, as data: what each stage sets, asks, draws and says."""

from .stage import Notes, Question, Slider, Stage
from .start import START

__all__ = ["START", "Notes", "Question", "Slider", "Stage"]
