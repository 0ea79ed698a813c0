"""Numbers of every update of a training run, in bounded memory."""

import numpy as np

MERGE = {
    "mean": lambda old, new, count: old + (new - old) / (count + 1),
    "largest": lambda old, new, count: np.fmax(old, new),
    "smallest": lambda old, new, count: np.fmin(old, new),
    "last": lambda old, new, count: new,
}


class History:
    """What was seen at each update, in at most `longest` buckets: once they are full, neighbours are merged in pairs.

    rules: name -> (how updates of a bucket are merged, a key of `MERGE`; shape of one value).
    stride: updates a bucket.
    """

    def __init__(self, rules, longest=256):
        self.rules = {name: how for name, (how, _) in rules.items()}
        self._rows = {name: np.empty((longest, *shape), np.float32 if shape[1:] else np.float64)
                      for name, (_, shape) in rules.items()}
        self.longest, self.stride, self.full, self._inside = longest, 1, 0, 0

    def __len__(self):
        return self.full + (self._inside > 0)

    def __getitem__(self, name):
        """(N, ...) one row a bucket, the last of which may still be filling; a view."""
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
            row = self._rows[name][self.full, ...]
            row[...] = new if not self._inside else MERGE[self.rules[name]](row, new, self._inside)
        self._inside += 1
        if self._inside == self.stride:
            self.full, self._inside = self.full + 1, 0
        if self.full == self.longest:
            for name, rows in self._rows.items():
                half = len(rows[::2][: self.longest // 2])
                rows[:half] = MERGE[self.rules[name]](rows[::2], rows[1::2], 1)
            self.full, self.stride = self.longest // 2, 2 * self.stride
