"""Where input sequences come from: signals, text, a real series, an uploaded table."""

from rnnviz.sources.series import Series, Standardised, standardise, sunspots
from rnnviz.sources.signals import SIGNALS, signal
from rnnviz.sources.table import Table, read_csv
from rnnviz.sources.text import OneHot, one_hot

__all__ = [
    "SIGNALS",
    "OneHot",
    "Series",
    "Standardised",
    "Table",
    "one_hot",
    "read_csv",
    "signal",
    "standardise",
    "sunspots",
]
