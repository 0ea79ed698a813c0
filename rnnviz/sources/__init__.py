"""Where input sequences come from: signals, text, a real series, an uploaded table, tasks to learn."""

from rnnviz.sources.motions import Motions, basic_motions
from rnnviz.sources.series import Series, Standardised, standardise, sunspots
from rnnviz.sources.signals import SIGNALS, signal
from rnnviz.sources.table import Table, read_csv
from rnnviz.sources.tasks import LABELS, LENGTHS, TASKS, Batch, Task, right, task
from rnnviz.sources.text import OneHot, one_hot

__all__ = [
    "LABELS",
    "LENGTHS",
    "SIGNALS",
    "TASKS",
    "Batch",
    "Motions",
    "OneHot",
    "Series",
    "Standardised",
    "Table",
    "Task",
    "basic_motions",
    "one_hot",
    "read_csv",
    "right",
    "signal",
    "standardise",
    "sunspots",
    "task",
]
