"""Equations as the NumPy calls that they and their derivatives consist of: noted once, replayed with no Python between.

The derivatives are autograd's. It meets placeholders instead of arrays, which note down every call that they go
through; the list is then replayed for each step of a loop, or for each block of a sequence, into arrays that are there
already.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count, repeat

import numpy as np
from autograd import tracer
from autograd.core import VJPNode
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.util import toposort
from numpy.lib.mixins import NDArrayOperatorsMixin

from .threads import isolate_threads

isolate_threads()

ASKED = (np.shape, np.ndim, np.result_type, np.iscomplexobj)
"""What autograd asks of an array; answered, not noted."""

REFUSED = "An equation must be made of NumPy functions that work number by number. Got one with "


class Noted(NDArrayOperatorsMixin):
    """Stands for an array (rows, H) and notes the NumPy calls that it goes through in `calls`, a list shared by all.

    A call is a triple: function, operands (each a `Noted` or a constant) and the `Noted` result. A product with 1.0 is
    none. sample: an array of that width and precision, of two rows.
    """

    def __init__(self, sample, calls):
        self.sample, self.calls = sample, calls

    shape, ndim, dtype = (
        property(lambda self, name=name: getattr(self.sample, name)) for name in ("shape", "ndim", "dtype")
    )

    def __bool__(self):
        raise ValueError(REFUSED + "a decision that depends on the numbers.")

    def __pow__(self, power):
        return np.square(self) if power == 2 else np.power(self, power)  # as arrays do: np.power is slow

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if ufunc is np.multiply and any(np.isscalar(i) and i == 1.0 for i in inputs):
            return inputs[0] if isinstance(inputs[0], Noted) else inputs[1]
        return self._note(getattr(ufunc, method) if method != "__call__" else ufunc, inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        if function in ASKED:
            return function(*map(_sample, args))
        return self._note(function, args, kwargs)

    def _note(self, function, inputs, kwargs):
        if any(isinstance(i, list | tuple) for i in inputs):
            raise ValueError(REFUSED + f"{function.__name__} of several arrays at once.")
        found = function(*map(_sample, inputs), **kwargs)
        if np.shape(found) != self.shape:
            raise ValueError(REFUSED + f"{getattr(function, '__name__', function)}, whose result has another shape.")
        if not isinstance(function, np.ufunc) or kwargs or function in (np.maximum, np.minimum):
            function = partial(_into, partial(function, **kwargs))
        self.calls.append((function, inputs, Noted(found, self.calls)))
        return self.calls[-1][2]


ArrayBox.register(Noted)


def _sample(value):
    return value.sample if isinstance(value, Noted) else value


def _into(function, *arguments):
    """Call a function that does not take an array for its result as its last argument, as most ufuncs do."""
    np.copyto(arguments[-1], function(*arguments[:-1]))


def placeholders(number, width, dtype):
    """That many `Noted` with one list of calls."""
    calls = []
    # (an axis of 1 would cost autograd a sum over it)
    return [Noted(np.full((2, max(2, width)), 0.5, dtype), calls) for _ in range(number)], calls


def derivatives(function, arguments):
    """Value of a pointwise function, and its derivative by each argument, by autograd.

    This is autograd's own reverse pass, but one that keeps the gradient of every argument: `make_vjp` takes several
    of them as one tuple.
    """
    with np.errstate(all="ignore"), tracer.trace_stack.new_trace() as trace:
        roots = [VJPNode.new_root() for _ in arguments]
        result = function(*[tracer.new_box(a, trace, root) for a, root in zip(arguments, roots)])
        end = result._node if tracer.isbox(result) else VJPNode.new_root()
        found = {end: arguments[0].dtype.type(1.0)}
        for node in toposort(end):
            for parent, term in zip(node.parents, node.vjp(found[node])):
                found[parent] = found[parent] + term if parent in found else term
    return tracer.getval(result), [found.get(root, 0.0) for root in roots]


@dataclass(frozen=True, eq=False)
class Program:
    """Calls in order, each a function and the keys of its arguments, the array for the result among them.

    A key is the name of what is given or wanted, or the number of a constant, or of a buffer, whose type is known.
    """

    calls: list
    constants: dict
    buffers: dict

    def operations(self, operands, empty):
        """The calls as operations for `replay`.

        operands: name -> iterable over steps: an array over time, a list of views, or `repeat`. empty: type -> the same
        for a buffer.
        """
        found = operands | {key: repeat(value) for key, value in self.constants.items()}
        found |= {key: empty(dtype) for key, dtype in self.buffers.items()}
        return [(function, *[found[key] for key in keys]) for function, *keys in self.calls]


def program(calls, given, wanted):
    """The `Program` of those calls that lead from what is given to what is wanted: name -> `Noted`, or a constant.

    A buffer is used again as soon as it is free.
    """
    key = {id(noted): name for name, noted in given.items()}
    needed, chosen = set(map(id, wanted.values())), []
    for call in reversed(calls):
        if id(call[2]) in needed and id(call[2]) not in key:
            chosen.append(call)
            needed.update(map(id, call[1]))
    chosen.reverse()
    own = {id(noted): name for name, noted in wanted.items() if id(noted) not in key}
    last = {id(operand): k for k, (_, operands, _) in enumerate(chosen) for operand in operands}
    made, number, lent, free = Program([], {}, {}), count(), {}, defaultdict(list)

    def key_of(value):
        if id(value) not in key:
            key[id(value)] = next(number)
            made.constants[key[id(value)]] = value
        return key[id(value)]

    for k, (function, operands, result) in enumerate(chosen):
        sources = [key_of(operand) for operand in operands]
        for name in [name for name in lent if last[name] == k]:
            free[lent.pop(name)].append(key[name])
        if id(result) in own:
            key[id(result)] = own[id(result)]
        elif free[result.dtype]:
            key[id(result)] = free[result.dtype].pop()
            lent[id(result)] = result.dtype
        else:
            key[id(result)] = next(number)
            made.buffers[key[id(result)]] = result.dtype
            lent[id(result)] = result.dtype
        made.calls.append((function, *sources, key[id(result)]))
    made.calls.extend((np.copyto, name, key_of(noted)) for name, noted in wanted.items() if key.get(id(noted)) != name)
    return made


@lru_cache(maxsize=256)
def value_of(function, arguments, width, dtype):
    """The `Program` of a function of that many arguments, named "argument 0" and so on; its result is "value"."""
    read, calls = placeholders(arguments, width, dtype)
    value, _ = derivatives(function, read)
    return program(calls, {f"argument {j}": noted for j, noted in enumerate(read)}, {"value": value})


def in_turn(operations):
    """An iterator that takes all operations in order, one step of their operands each time that it is advanced."""
    return zip(*[map(function, *operands) for function, *operands in operations])


def replay(operations):
    """Take the operations step by step until the operands end."""
    deque(in_turn(operations), maxlen=0)
