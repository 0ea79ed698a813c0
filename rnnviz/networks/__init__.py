"""Networks of any shape: layers by name, each of which reads what others made."""

from .base import Network, Node
from .build import stacked
from .keras import from_keras
from .pytorch import from_pytorch, to_pytorch
from .trace import Signal, Trace

__all__ = ["Network", "Node", "Signal", "Trace", "from_keras", "from_pytorch", "stacked", "to_pytorch"]
