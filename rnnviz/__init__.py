"""Watch gradients flow through recurrent layers: record a network, and look at every step of it."""

from .cells import CELLS
from .config import BOUNDS, Config, NetworkConfig, NetworkTrainConfig, TrainConfig
from .engine.parameters import Parameters
from .engine.recording import Recording
from .networks import Network, Trace, from_keras, from_pytorch, stacked, to_pytorch
from .networks.record import record, record_many, record_with
from .networks.train import Training

__version__ = "0.1.0"
"""Read by pyproject.toml."""

__all__ = [
    "BOUNDS",
    "CELLS",
    "Config",
    "Network",
    "NetworkConfig",
    "NetworkTrainConfig",
    "Parameters",
    "Recording",
    "Trace",
    "TrainConfig",
    "Training",
    "from_keras",
    "from_pytorch",
    "record",
    "record_many",
    "record_with",
    "stacked",
    "to_pytorch",
]
