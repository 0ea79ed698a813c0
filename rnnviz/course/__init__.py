"""The lessons, as data: what each stage sets, asks, draws and says."""

from . import lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6, lesson_7, lesson_8
from .stage import Downhill, Link, Notes, Question, Slider, Stage, become
from .start import START

LESSONS = {
    lesson.TITLE: lesson.STAGES
    for lesson in (lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6, lesson_7, lesson_8)
}
"""Title -> stages, in their order."""

STAGES = {stage.id: stage for stages in LESSONS.values() for stage in stages}
"""id -> stage, of all lessons."""

__all__ = ["LESSONS", "STAGES", "START", "Downhill", "Link", "Notes", "Question", "Slider", "Stage", "become"]
