"""Watch gradients flow through recurrent layers: record a network, and look at every step of it."""

from .cells import CELLS
from .config import BOUNDS, Config, TrainConfig
from .engine.parameters import Parameters
from .engine.record import record, record_many, record_with
from .engine.train import Training
from .recording import Recording

__version__ = "0.1.0"
"""Read by pyproject.toml."""

__all__ = [
    "BOUNDS",
    "CELLS",
    "Config",
    "Parameters",
    "Recording",
    "TrainConfig",
    "Training",
    "record",
    "record_many",
    "record_with",
]
