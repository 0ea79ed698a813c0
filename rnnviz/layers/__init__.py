"""What maps a whole sequence to a whole sequence. To add a layer, write a file like `linear.py` beside this one."""

from .base import Layer, Part, Pass
from .dropout import Dropout
from .join import Join, Sum
from .linear import Linear
from .normalise import Normalise
from .read import Read
from .recurrent import Recurrent

__all__ = ["Dropout", "Join", "Layer", "Linear", "Normalise", "Part", "Pass", "Read", "Recurrent", "Sum"]
