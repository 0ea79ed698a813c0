from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

def primitive(function: F) -> F: ...
def defvjp(function: Callable[..., Any], *vjps: Callable[..., Any] | None, argnums: Any = ...) -> None: ...
