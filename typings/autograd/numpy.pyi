"""NumPy's functions, under their names."""

from numpy import *  # noqa: F403
from numpy import linalg as linalg
from numpy import random as random
