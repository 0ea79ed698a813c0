"""What of autograd is used: it makes its functions as it is imported, where no checker sees them."""

from collections.abc import Callable
from typing import Any

def make_vjp(
    function: Callable[..., Any], argnum: int = ..., /
) -> Callable[[Any], tuple[Callable[[Any], Any], Any]]: ...
