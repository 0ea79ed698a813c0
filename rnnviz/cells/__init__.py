"""The cells, by name. To add one, write a file like `gru.py` beside this one; every module here is imported."""

import pkgutil
from importlib import import_module

from .base import CELLS, Cell, find, register

for module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

__all__ = ["CELLS", "Cell", "find", "register"]
