"""Numbers of every update of a training run, in bounded memory."""

import numpy as np

from ..arguments import Named

MERGE = {
    "mean": lambda old, new, count: old + (new - old) / (count + 1),
    "largest": lambda old, new, count: np.fmax(old, new),
    "smallest": lambda old, new, count: np.fmin(old, new),
    "last": lambda old, new, count: new,
}


FINITE = "mean of the finite"
"""A rule that leaves out what is infinite or not a number; a bucket with nothing else keeps the first of it."""


class History:
    """What was seen at each update, in at most `longest` buckets: once they are full, neighbours are merged in pairs.

    rules: name -> (how updates of a bucket are merged, a key of `MERGE` or `FINITE`; shape of one value).
    stride: updates a bucket.
    """

    def __init__(self, rules, longest=256):
        self.rules = {name: how for name, (how, _) in rules.items()}
        self._rows = Named(
            {
                name: np.empty((longest, *shape), np.float32 if shape[1:] else np.float64)
                for name, (_, shape) in rules.items()
            }
        )
        self._finite = {
            name: np.zeros(self._rows[name].shape, np.int32) for name, how in self.rules.items() if how == FINITE
        }
        self.longest, self.stride, self.full, self._inside = longest, 1, 0, 0

    def __len__(self):
        return self.full + (self._inside > 0)

    def __getitem__(self, name):
        """(N, ...) one row a bucket, the last of which may still be filling; a view.

        Raises KeyError, with the names there are, for another.
        """
        return self._rows[name][: len(self)]

    @property
    def updates(self):
        """(N,) the last update of each bucket, counted from 1."""
        ends = np.arange(1, len(self) + 1) * self.stride
        if self._inside:
            ends[-1] = self.full * self.stride + self._inside
        return ends

    def add(self, **values):
        """Add the values of one update."""
        for name, new in values.items():
            row, finite = self._rows[name][self.full, ...], self._finite.get(name)
            known = np.isfinite(new) if finite is not None else None
            if not self._inside:
                row[...] = new
            elif finite is None:
                row[...] = MERGE[self.rules[name]](row, new, self._inside)
            else:
                row[...], known = _mean(row, finite[self.full], new, known)
            if finite is not None:
                finite[self.full] = known
        self._inside += 1
        if self._inside == self.stride:
            self.full, self._inside = self.full + 1, 0
        if self.full == self.longest:
            for name, rows in self._rows.items():
                half = len(rows[::2][: self.longest // 2])
                if name in self._finite:
                    finite = self._finite[name]
                    rows[:half], finite[:half] = _mean(rows[::2], finite[::2], rows[1::2], finite[1::2])
                else:
                    rows[:half] = MERGE[self.rules[name]](rows[::2], rows[1::2], 1)
            self.full, self.stride = self.longest // 2, 2 * self.stride


def _mean(one, count, other, others_count):
    """The mean of two means, each of so many values, and of how many it is."""
    total = count + others_count
    with np.errstate(invalid="ignore", divide="ignore"):
        both = one + (other - one) * (others_count / total)
    return np.where(others_count == 0, one, np.where(count == 0, other, both)), total
