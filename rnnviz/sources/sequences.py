"""Batches of sequences to learn from, and which sequences are held out.

What is held out is the same whatever the seeds. Of drawn sequences the content decides, so that none is in both parts;
of a series or a text the position in time, and a text that repeats itself has the same stretch in both. Every
`draw_...` function takes an np.random.Generator, the batch size B and whether the held-out part is wanted, and returns
a `Batch`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Fixed random numbers to hash with: raw bits of a generator are the same in every version of numpy.
_KEYS = np.random.PCG64(1997).random_raw(512) | np.uint64(1)

DATA, BLANK, GO = 8, 8, 9  # of the copy task: how many data symbols, and the codes of the other two
COPIED = 10

REBER_SYMBOLS = ("B", "T", "S", "X", "P", "V", "E")
# The arcs out of each state, (symbol, next state), all equally likely. This is the embedded grammar: a whole Reber
# string, states 2 to 8, between two symbols "?" which are both T or both P.
_ARCS = (
    (("B", 1),),
    (("?", 2),),
    (("B", 3),),
    (("T", 4), ("P", 5)),
    (("S", 4), ("X", 6)),
    (("T", 5), ("V", 7)),
    (("X", 5), ("S", 8)),
    (("P", 6), ("V", 8)),
    (("E", 9),),
    (("?", 10),),
    (("E", 11),),
)
_START, _AFTER_FIRST, _REMEMBER, _END = 0, 1, 9, 11
_PAD = len(REBER_SYMBOLS)


@dataclass(frozen=True, eq=False)
class Batch:
    """B sequences of T steps, with targets for the last S of them.

    x: (T, B, D) float64. target: (S, B), int64 class numbers, or float64 values for a real-valued task.
    weight: (S, B) float64, at least 0, 0 where there is no target, with sum 1: the loss is sum(weight * l), where l is
    -ln p(target) for classes and (output - target)^2 for values.
    scored: (S, B) bool, where an answer counts for the accuracy, at least once per sequence.
    legal: (S, B, O) bool, the symbols that the grammar allows next; None for tasks without a grammar.
    """

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    scored: np.ndarray
    legal: np.ndarray | None = None


def is_held_out(content: np.ndarray) -> np.ndarray:
    """Return which of N sequences are held out, about 1 in 8, as (N,) bool.

    content: (N, F) float64 or int64, at most 512 numbers each; equal rows get equal answers.
    """
    words = content.view(np.uint64)
    return (words * _KEYS[: words.shape[1]]).sum(axis=1) >> np.uint64(61) == 0


def _keep(rows: Callable, part: Callable, rng: np.random.Generator, batch: int, held_out: bool) -> np.ndarray:
    """Return `batch` of the rows that rows(rng, n) draws, all held out or none, as part(rows) tells."""
    kept, missing = [], batch
    while missing > 0:
        drawn = rows(rng, 9 * missing + 9 if held_out else missing + missing // 4 + 4)
        kept.append(drawn[part(drawn) == held_out][:missing])
        missing -= len(kept[-1])
    return np.concatenate(kept)


def _evenly(x: np.ndarray, target: np.ndarray, scored: int | None = None) -> Batch:
    """Return the batch in which every target has the same weight, and the last `scored` steps count (None: all)."""
    counts = np.ones(target.shape, dtype=bool)
    if scored is not None:
        counts[:-scored] = False
    return Batch(x, target, np.full(target.shape, 1 / target.size), counts)


def draw_adding(steps: int, original: bool, rng: np.random.Generator, batch: int, held_out: bool) -> Batch:
    """Return a batch of the adding problem: x is (value, mark), the target the sum at the last step.

    original: values in [-1, 1], the marks early, the ends marked -1 and the sum scaled, as in 1997; otherwise values
    in [0, 1] and a mark in each half.
    """

    def rows(rng, n):
        # A row is the values, then the steps of the two marks.
        drawn = np.empty((n, steps + 2))
        drawn[:, :steps] = rng.random((n, steps))
        if original:
            drawn[:, :steps] = 2 * drawn[:, :steps] - 1
            first = rng.integers(1, min(10, steps // 4), n)
            second = rng.integers(1, steps // 2 - 1, n)
            second += second >= first  # the first mark's own step is passed over
        else:
            first = rng.integers(0, steps // 2, n)
            second = rng.integers(steps // 2, steps, n)
        # In order of time, so that one sequence has one row.
        drawn[:, steps], drawn[:, steps + 1] = np.minimum(first, second), np.maximum(first, second)
        return drawn

    kept = _keep(rows, is_held_out, rng, batch, held_out)
    marks = kept[:, steps:].astype(np.int64)
    b = np.arange(batch)[:, None]
    x = np.zeros((steps, batch, 2))
    x[:, :, 0] = kept[:, :steps].T
    x[marks, b, 1] = 1.0
    total = kept[b, marks].sum(axis=1)[None]
    if original:
        x[0, :, 1] = x[-1, :, 1] = -1.0
        return _evenly(x, 0.5 + total / 4)
    return _evenly(x, total)


def draw_order(
    steps: int, windows: tuple[tuple[int, int], ...], rng: np.random.Generator, batch: int, held_out: bool
) -> Batch:
    """Return a batch of the temporal order problem: symbols a, b, c, d, and one X or Y in each window.

    windows: (low, high), a step from low to high - 1. The class reads the marks as binary digits, X = 0 and Y = 1.
    """
    low, high = np.array(windows).T

    def rows(rng, n):
        drawn = rng.integers(0, 4, (n, steps))
        at = rng.integers(low, high, (n, len(windows)))
        drawn[np.arange(n)[:, None], at] = rng.integers(4, 6, (n, len(windows)))
        return drawn

    kept = _keep(rows, is_held_out, rng, batch, held_out)
    marks = kept[kept >= 4].reshape(batch, len(windows)) - 4
    target = marks @ (2 ** np.arange(len(windows))[::-1])
    return _evenly(np.eye(6)[kept.T], target[None])


def draw_copy(delay: int, rng: np.random.Generator, batch: int, held_out: bool) -> Batch:
    """Return a batch of the copy problem: 10 symbols, delay - 1 blanks, the sign to go, and 10 blanks."""
    data = _keep(lambda rng, n: rng.integers(0, DATA, (n, COPIED)), is_held_out, rng, batch, held_out).T
    codes = np.full((delay + 2 * COPIED, batch), BLANK)
    target = codes.copy()
    codes[:COPIED] = data
    codes[COPIED + delay - 1] = GO
    target[-COPIED:] = data
    return _evenly(np.eye(GO + 1)[codes], target, scored=COPIED)


def draw_parity(steps: int, rng: np.random.Generator, batch: int, held_out: bool) -> Batch:
    """Return a batch of the parity problem: inputs -1 or +1, class 1 where the count of +1 so far is odd."""
    bits = _keep(lambda rng, n: rng.integers(0, 2, (n, steps)), is_held_out, rng, batch, held_out).T.copy()
    return _evenly(2.0 * bits[:, :, None] - 1, bits.cumsum(axis=0) % 2, scored=1)


@dataclass(frozen=True, eq=False)
class Stock:
    """A finite data set: sequences by number, and which part each of them is in. Called, it draws as the others do.

    take: from numbers (B,) the `Batch` of those sequences. training, validation, held_out: the numbers of each part.
    """

    take: Callable
    training: np.ndarray
    validation: np.ndarray
    held_out: np.ndarray

    def __call__(self, rng: np.random.Generator, batch: int, held_out: bool) -> Batch:
        return self.take(rng.choice(self.held_out if held_out else self.training, batch))


def shuffled(target: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a copy of the targets (N,) in which those at `known` have changed places, always in the same way."""
    other = target.copy()
    other[known] = np.random.default_rng(1997).permutation(target[known])
    return other


def stretches(x: np.ndarray, target: np.ndarray, cut: int, steps: int, kept: int = 0) -> Stock:
    """Return the stretches of one long sequence, with a target at every step.

    x: (N, D). target: (N,), for every step. cut: the first step whose target is held out. A stretch lies wholly
    before `cut`, or wholly from it on. kept: how many steps before `cut` are for validation.
    """

    def take(first):
        index = np.arange(steps)[:, None] + first
        return _evenly(x[index], target[index])

    return Stock(
        take,
        starts(len(x), cut - kept, steps, False),
        cut - kept + starts(kept, 0, steps, True),
        starts(len(x), cut, steps, True),
    )


def windows(x: np.ndarray, target: np.ndarray, cut: int, steps: int, kept: int = 0) -> Stock:
    """Return the windows of one long sequence, each with the one target that follows it.

    x: (N,). target: (N,), the same numbers, or shuffled ones. The window of a target is the `steps` numbers before it,
    which may be of an earlier part. cut: the first number that is held out. kept: how many numbers before it are for
    validation.
    """

    def take(following):
        index = following - steps + np.arange(steps)[:, None]
        return _evenly(x[index][:, :, None], target[following][None])

    return Stock(take, np.arange(steps, cut - kept), np.arange(cut - kept, cut), np.arange(cut, len(x)))


def recordings(x: np.ndarray, target: np.ndarray, cut: int, kept: float = 0.0, mixed: bool = False) -> Stock:
    """Return recordings, each with one class. x: (T, N, D). target: (N,). cut: the first one that is held out.

    kept: the share of each class of the others that is for validation, always the same ones. mixed: whether the targets
    of what is trained on are shuffled.
    """
    order = np.random.default_rng(1997).permutation(cut)
    of_class = [order[target[order] == c] for c in np.unique(target)]
    apart = np.sort(np.concatenate([own[: round(kept * len(own))] for own in of_class]))
    training = np.setdiff1d(np.arange(cut), apart)
    asked = shuffled(target, training) if mixed else target

    def take(which):
        return _evenly(np.take(x, which, axis=1), asked[which][None])

    return Stock(take, training, apart, np.arange(cut, len(target)))


def starts(total: int, cut: int, steps: int, held_out: bool) -> np.ndarray:
    """Return where stretches may start, of `total` steps: from `cut` on if held out, else so that they end before."""
    return np.arange(cut, total - steps + 1) if held_out else np.arange(cut - steps + 1)


def _reber_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return next state (state, coin), symbol (outer, before, after) and legal (outer, state, symbol), as arrays."""
    following = np.full((_END + 1, 2), _END)
    symbol = np.full((2, _END + 1, _END + 1), _PAD)
    legal = np.zeros((2, _END + 1, _PAD), dtype=bool)
    for state, arcs in enumerate(_ARCS):
        following[state] = [after for _, after in arcs]
        for outer, name in enumerate("TP"):
            for label, after in arcs:
                code = REBER_SYMBOLS.index(name if label == "?" else label)
                symbol[outer, state, after] = code
                legal[outer, state, code] = True
    legal[:, _AFTER_FIRST] = legal[0, _AFTER_FIRST] | legal[1, _AFTER_FIRST]
    return following, symbol, legal


_NEXT, _SYMBOL, _LEGAL = _reber_tables()
# Held out is a path of states whose salts add up to a multiple of 8. Such a sum can be followed through the grammar,
# which makes the loss of the forgetful predictor exact. The outer symbols do not count: if one string of a pair were
# held out and its twin trained on, the inside would tell the outside. The generator's seed was chosen so that about 1
# in 10 strings drawn is held out at every length, and no string makes up more than a fifth of those. The commonest
# strings are too common for that: they are trained on, and the forgetful predictor's loss is 7 % lower there.
_SALT = (np.random.PCG64(3420).random_raw(64 * (_END + 1)) % np.uint64(8)).astype(np.int64).reshape(64, _END + 1)
_SALT[:, _END] = 0


def _reber_is_held_out(rows: np.ndarray) -> np.ndarray:
    path = rows[:, 1:]
    return _SALT[np.arange(path.shape[1]), path].sum(axis=1) % 8 == 0


def draw_reber(longest: int, rng: np.random.Generator, batch: int, held_out: bool) -> Batch:
    """Return a batch of embedded Reber strings of at most `longest` symbols; what follows their end is 0."""

    def rows(rng, n):
        # A row is T or P as 0 or 1, then the state after every symbol.
        drawn = np.full((n, longest + 1), _END)
        drawn[:, 0] = rng.integers(0, 2, n)
        coins = rng.integers(0, 2, (longest, n))
        state = np.full(n, _START)
        for t in range(longest):
            state = _NEXT.take(2 * state + coins[t])
            drawn[:, t + 1] = state
            if (state == _END).all():
                break
        return drawn[state == _END]

    kept = _keep(rows, _reber_is_held_out, rng, batch, held_out)
    outer, path = kept[:, 0], kept[:, 1:].T.copy()
    before = np.vstack([np.full(batch, _START), path[:-1]])
    codes = _SYMBOL[outer, before, path]
    going = path != _END  # the last symbol has nothing after it
    target = np.where(going, np.roll(codes, -1, axis=0), 0)
    x = np.eye(_PAD + 1)[:, :_PAD][codes]
    return Batch(x, target, going / (batch * going.sum(axis=0)), path == _REMEMBER, _LEGAL[outer, path])


def reber_forgetful_loss(longest: int) -> float:
    """Return the expected loss of a predictor that has forgotten whether T or P came second.

    It knows the grammar and gives all symbols that may come next the same probability, so it pays ln 2 at every fork
    and ln 2 for the last symbol but one. Exact for held-out strings of at most `longest` symbols: the probability of
    every (state, number of forks, sum of salts modulo 8) is followed from symbol to symbol.
    """
    # Two forks are sure: T or P as the second symbol, and its repetition.
    mass = np.zeros((_END + 1, longest + 3, 8))
    mass[_START, 2, 0] = 1.0
    loss = total = 0.0
    for t in range(longest):
        moved = np.zeros_like(mass)
        for state, arcs in enumerate(_ARCS):
            for _, after in arcs:
                share = np.roll(mass[state], (len(arcs) - 1, _SALT[t, after]), axis=(0, 1)) / len(arcs)
                moved[after] += share
        mass = moved
        ended = mass[_END, :, 0]
        total += ended.sum()
        if t:
            loss += ended @ np.arange(longest + 3) * np.log(2) / t  # of t + 1 symbols, t are predicted
    return float(loss / total)
