import dataclasses
import itertools
import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.sources import LENGTHS, TASKS, Batch, basic_motions, one_hot, right, sunspots, task
from rnnviz.sources.sequences import is_held_out
from rnnviz.sources.tasks import DEFAULT_TEXT

EVERY = [(name, length) for name in LENGTHS for length in LENGTHS[name]]
PARTS = pytest.mark.parametrize("held_out", [False, True])


def draw(name, length, batch, held_out=False, seed=0):
    return task(name, length).draw(np.random.default_rng(seed), batch, held_out)


def near(values, mean):
    """Whether the mean of independent values is within five standard errors of what it should be."""
    return abs(np.mean(values) - mean) < 5 * np.std(values) / math.sqrt(np.size(values))


def spelt(t, x):
    """The sequences of one-hot (T, B, D) as strings of symbols, cut where the rows are 0."""
    letters = np.array([s[0] for s in t.symbols])
    return ["".join(letters[row.argmax(-1)[row.any(-1)]]) for row in x.swapaxes(0, 1)]


def test_names_lengths_and_defaults():
    names = ["adding", "adding_1997", "order_2", "order_3", "copy", "reber", "parity", "sunspots", "text"]
    assert list(TASKS) == list(LENGTHS) == [*names, "next_sine", "next_sunspots", "motions"]
    for name, (low, default, high) in LENGTHS.items():
        assert low <= default <= high
        t = task(name)
        assert t is task(name, default) is task(name, np.int64(default))
        assert (t.name, t.title) == (name, TASKS[name])


@pytest.mark.parametrize(("name", "length"), EVERY)
def test_what_a_task_says_of_itself(name, length):
    t = task(name, length)
    assert t.steps == {"copy": length + 20}.get(name, length)
    assert len(t.symbols) == t.inputs
    assert t.says.endswith(".") and t.baseline_says and t.solved_says and t.source
    assert (t.solved_from is None) != (t.solved_below is None)
    assert (t.tolerance is not None) == t.real
    assert t.outputs == 1 or not t.real
    assert math.isfinite(t.baseline) and t.baseline > 0
    if t.solved_from is not None:
        assert t.chance < t.solved_from == 0.99
    else:
        assert 0 < t.solved_below <= t.baseline


@PARTS
@pytest.mark.parametrize("size", [1, 16])
@pytest.mark.parametrize(("name", "length"), EVERY)
def test_shapes_types_and_weights(name, length, size, held_out):
    t, b = task(name, length), draw(name, length, size, held_out)
    once = ("adding", "adding_1997", "order_2", "order_3", "next_sine", "next_sunspots", "motions")
    last = 1 if name in once else t.steps
    assert b.x.shape == (t.steps, size, t.inputs) and b.x.dtype == np.float64 and b.x.flags.c_contiguous
    assert b.target.shape == b.weight.shape == b.scored.shape == (last, size)
    assert b.target.dtype == (np.float64 if t.real else np.int64)
    assert b.weight.dtype == np.float64 and b.scored.dtype == bool and b.target.flags.c_contiguous
    assert (b.weight >= 0).all() and b.weight.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(b.weight.sum(axis=0), 1 / size, rtol=0, atol=1e-12)
    assert b.scored.any(axis=0).all() and (b.weight[b.scored] > 0).all()
    assert t.real or (b.target.min() >= 0 and b.target.max() < t.outputs)
    if name == "reber":
        assert b.legal.shape == (last, size, t.outputs) and b.legal.dtype == bool
    else:
        assert b.legal is None
        assert np.allclose(b.weight, 1 / b.weight.size, rtol=1e-12)


@PARTS
@pytest.mark.parametrize("name", TASKS)
def test_the_generator_decides_what_is_drawn(name, held_out):
    def arrays(batch):
        return [a for a in dataclasses.astuple(batch) if a is not None]

    t, rng = task(name), np.random.default_rng(5)
    first, second = t.draw(rng, 16, held_out), t.draw(rng, 16, held_out)
    again = t.draw(np.random.default_rng(5), 16, held_out)
    assert all((a == b).all() for a, b in zip(arrays(first), arrays(again), strict=True))
    assert not np.array_equal(first.x, second.x)
    assert not np.array_equal(first.x, draw(name, None, 16, held_out, seed=6).x)


# Held out and trained on


@pytest.mark.parametrize(("name", "length"), [("parity", 8), ("order_2", 10), ("reber", 16), ("reber", 60)])
def test_no_sequence_is_in_both_parts(name, length):
    seen = {
        held_out: {
            row.tobytes()
            for seed in range(3)
            for row in draw(name, length, 8000, held_out, seed).x.swapaxes(0, 1)
        }
        for held_out in (False, True)
    }  # fmt: skip
    assert not seen[True] & seen[False]
    assert len(seen[True]) >= 28
    if name == "parity":
        assert len(seen[True] | seen[False]) == 256


@PARTS
@pytest.mark.parametrize("length", LENGTHS["copy"])
def test_the_content_of_drawn_sequences_decides_their_part(length, held_out):
    """Too many to meet one twice, so the part is found again from what was drawn."""
    for seed in range(3):
        x = draw("copy", length, 300, held_out, seed).x
        assert (is_held_out(x[:10].argmax(-1).T.copy()) == held_out).all()
        for name in ("adding", "adding_1997"):
            x = draw(name, None, 300, held_out, seed).x
            marks = np.array([np.flatnonzero(mark == 1) for mark in x[:, :, 1].T], dtype=float)
            assert (is_held_out(np.hstack([x[:, :, 0].T, marks])) == held_out).all()
        x = draw("order_3", None, 300, held_out, seed).x
        assert (is_held_out(x.argmax(-1).T.copy()) == held_out).all()


def test_an_eighth_is_held_out_for_good():
    every = np.array(list(itertools.product([0, 1], repeat=8)))
    kept = is_held_out(every)
    assert kept.sum() == 30
    assert (is_held_out(every[::-1].copy()) == kept[::-1]).all()
    drawn = draw("parity", 8, 2000, held_out=True).x[:, :, 0].T
    assert set(map(tuple, drawn > 0)) == set(map(tuple, every[kept] > 0))
    values = np.random.default_rng(0).random((40_000, 12))
    assert near(is_held_out(values), 1 / 8)


@pytest.mark.parametrize(("length", "strings"), [(16, 28), (20, 100), (60, 200)])
def test_held_out_reber_strings_are_many_and_come_in_pairs(length, strings):
    t = task("reber", length)
    held, trained = (Counter(spelt(t, draw("reber", length, 8000, part).x)) for part in (True, False))

    def twin(s):
        other = "P" if s[1] == "T" else "T"
        return s[0] + other + s[2:-2] + other + s[-1]

    assert len(held) >= strings
    assert max(held.values()) < 0.11 * 8000
    assert not {twin(s) for s in held} & set(trained)
    assert near([s[1] == "T" for s in held.elements()], 1 / 2)
    assert near([s[1] == "T" for s in trained.elements()], 1 / 2)
    assert 0.3 < np.mean([s[3] == "T" for s in held.elements()]) < 0.7


def test_sunspots_are_split_by_year():
    values = sunspots().values
    z = (values - values[:220].mean()) / values[:220].std()
    for length in LENGTHS["sunspots"]:
        windows = np.lib.stride_tricks.sliding_window_view(z, length)
        found = {False: set(), True: set()}
        for held_out in found:
            b = draw("sunspots", length, 3000, held_out)
            for x, target in zip(b.x[:, :, 0].T, b.target.T):
                (start,) = np.flatnonzero((windows == x).all(axis=1))
                assert (target == z[start + 1 : start + 1 + length]).all()
                found[held_out].add(start)
        # Year 219 is 1919, the last that is trained on.
        assert found[False] == set(range(220 - length))
        assert found[True] == set(range(219, 309 - length))


@settings(max_examples=40, deadline=None)
@given(st.integers(25, 120), st.integers(0, 10**6), st.sampled_from(LENGTHS["text"]), st.booleans())
def test_text_is_split_by_position(n, seed, length, held_out):
    rng = np.random.default_rng(seed)
    text = "".join(rng.permutation(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))) * 3
    text = text[:n]
    t = task("text", length, text)
    first = math.floor(0.8 * n)
    assert t.steps == min(length, n - first)
    assert t.symbols == tuple(sorted(set(text))) and t.inputs == t.outputs == len(t.symbols)
    b = t.draw(rng, 50, held_out)
    for x, target in zip(spelt(t, b.x), b.target.T):
        after = "".join(t.symbols[i] for i in target)
        assert x[1:] == after[:-1]
        places = [i for i in range(n - t.steps) if text[i : i + t.steps + 1] == x + after[-1]]
        assert any(i + 1 >= first if held_out else i + t.steps < first for i in places)


@pytest.mark.parametrize("text", ["", "abcab" * 30, "the quick brown fox jumps over a lazy dog; pack my box!"])
@pytest.mark.parametrize("length", LENGTHS["text"])
def test_a_task_says_how_much_of_a_held_out_text_was_trained_on(text, length):
    t, whole = task("text", length, text), text or DEFAULT_TEXT
    first = len(whole) * 4 // 5
    stretches = [whole[k : k + t.steps + 1] for k in range(len(whole) - t.steps)]
    held = stretches[first - 1 :]
    again = sum(s in whole[:first] for s in held)
    if again:
        assert f"but {again} of the {len(held)} stand in the part trained on as well" in t.held_out_says
    else:
        assert f"none of the {len(held)} stands in the part trained on" in t.held_out_says
    if (text, length) == ("", 5):
        assert again == len(held), "all of them, at this length"


def test_other_tasks_say_that_nothing_is_in_both_parts():
    for name in TASKS:
        said = task(name).held_out_says
        assert ("never trained on" in said) == (name not in ("text", "sunspots", "next_sine", "next_sunspots")), said


def test_every_stretch_of_a_text_is_drawn():
    text = "the quick brown fox jumps over a lazy dog; pack my box!"  # 55 characters, no 3 of them twice
    for held_out, expected in ((False, range(0, 44 - 5)), (True, range(43, 55 - 5))):
        t = task("text", 5, text)
        x = spelt(t, t.draw(np.random.default_rng(0), 2000, held_out).x)
        assert {text.index(s) for s in x} == set(expected)


# What is asked, worked out once more from the inputs


@PARTS
@pytest.mark.parametrize("length", LENGTHS["adding"])
def test_adding(length, held_out):
    b = draw("adding", length, 2000, held_out)
    values, marks = b.x[:, :, 0], b.x[:, :, 1]
    assert values.min() >= 0 and values.max() < 1 and set(np.unique(marks)) == {0, 1}
    assert (marks[: length // 2].sum(axis=0) == 1).all() and (marks[length // 2 :].sum(axis=0) == 1).all()
    assert marks.any(axis=1).all()
    assert b.target[0] == pytest.approx((values * marks).sum(axis=0), abs=1e-15)


@PARTS
@pytest.mark.parametrize("length", LENGTHS["adding_1997"])
def test_adding_1997(length, held_out):
    b = draw("adding_1997", length, 4000, held_out)
    values, marks = b.x[:, :, 0], b.x[:, :, 1]
    assert values.min() < -0.99 and values.max() > 0.99 and abs(values).max() <= 1
    assert (marks[[0, -1]] == -1).all()
    assert ((marks[1:-1] == 0) | (marks[1:-1] == 1)).all()
    assert ((marks == 1).sum(axis=0) == 2).all()
    early = min(10, length // 4)
    assert (marks[1:early] == 1).any(axis=0).all()
    assert set(np.flatnonzero((marks == 1).any(axis=1))) == set(range(1, length // 2))
    total = np.where(marks == 1, values, 0).sum(axis=0)
    assert b.target[0] == pytest.approx(0.5 + total / 4, abs=1e-15)


def test_in_1997_the_second_mark_is_any_unmarked_pair_alike():
    """Of 20 pairs the first mark is one of 1 to 4, the second one of 1 to 9 but not that one."""
    marks = draw("adding_1997", 20, 40_000).x[:, :, 1] == 1
    for step in range(1, 10):
        # Marked first with probability 1/4 in the early pairs; otherwise one of the 8 others.
        probability = 1 / 4 + 3 / 4 / 8 if step < 5 else 1 / 8
        assert near(marks[step], probability)


@PARTS
@pytest.mark.parametrize(
    ("name", "windows"), [("order_2", [(10, 20), (50, 60)]), ("order_3", [(10, 20), (33, 43), (66, 76)])]
)
def test_order(name, windows, held_out):
    for length in LENGTHS[name]:
        t, b = task(name, length), draw(name, length, 3000, held_out)
        assert (b.x.sum(axis=-1) == 1).all()
        assert t.symbols == ("a", "b", "c", "d", "X", "Y")
        reached = [set() for _ in windows]
        names = ["".join(p) for p in itertools.product("XY", repeat=len(windows))]
        for s, target in zip(spelt(t, b.x), b.target[0]):
            marks = [i for i, c in enumerate(s) if c in "XY"]
            assert "".join(s[i] for i in marks) == names[target]
            for i, steps in zip(marks, reached, strict=True):
                steps.add(i)
        assert reached == [{i for i in range(length) if lo * length <= 100 * i < hi * length} for lo, hi in windows]
        distractors = Counter("".join(spelt(t, b.x)))
        count = sum(distractors[c] for c in "abcd")
        assert all(abs(distractors[c] / count - 1 / 4) < 5 * math.sqrt(3 / 16 / count) for c in "abcd")


@PARTS
@pytest.mark.parametrize("delay", LENGTHS["copy"])
def test_copy(delay, held_out):
    t, b = task("copy", delay), draw("copy", delay, 50, held_out)
    assert t.symbols[8:] == ("blank", "go")
    names = np.array([*"abcdefgh", "-", "!"])
    for x, target in zip(names[b.x.argmax(-1)].T, names[b.target].T):
        s = "".join(x)
        assert re.fullmatch(rf"[a-h]{{10}}-{{{delay - 1}}}!-{{10}}", s)
        assert "".join(target) == "-" * (delay + 10) + s[:10]
    assert (b.x.sum(axis=-1) == 1).all()
    assert (b.scored == (np.arange(delay + 20) >= delay + 10)[:, None]).all()


@PARTS
@pytest.mark.parametrize("length", LENGTHS["parity"])
def test_parity(length, held_out):
    b = draw("parity", length, 200, held_out)
    assert set(np.unique(b.x)) == {-1, 1}
    for t in range(length):
        assert (b.target[t] == [int((row > 0).sum()) % 2 for row in b.x[: t + 1, :, 0].T]).all()
    assert (b.scored == (np.arange(length) == length - 1)[:, None]).all()


# The grammar as a regular expression, read off its diagram: TAIL is what may come where TS*X and PT*VP meet.
TAIL = "(?:XT*VP)*(?:S|XT*VV)"
REBER = re.compile(f"B([TP])B(?:TS*X{TAIL}|PT*V(?:V|P{TAIL}))E\\1E")
ENDINGS = {s[i:] for s in ("BTBTXSETE", "BTBPVVETE", "BPBTXSEPE", "BPBPVVEPE") for i in range(10)}


def followers(prefix):
    """The symbols after which some ending makes a whole string; the endings cover every state."""
    return {s for s in "BTSXPVE" if any(REBER.fullmatch(prefix + s + ending) for ending in ENDINGS)}


def test_the_expression_knows_published_strings():
    for inner in ("BTSSXXTVVE", "BPVVE", "BTXXVPSE", "BPVPXVPXVPXVVE", "BTSXXVPSE", "BPTVPXTTTVPSE"):
        assert REBER.fullmatch(f"BT{inner}TE") and REBER.fullmatch(f"BP{inner}PE")
        assert not REBER.fullmatch(f"BT{inner}PE")
    assert not REBER.fullmatch("BTBTSSPXSETE") and not REBER.fullmatch("BTBPTVVBTE")
    assert followers("BTBP") == {"T", "V"} and followers("BPBTXSE") == {"P"} and followers("B") == {"T", "P"}


@PARTS
@pytest.mark.parametrize("length", LENGTHS["reber"])
def test_reber(length, held_out):
    t, b = task("reber", length), draw("reber", length, 400, held_out)
    memo = {}
    for k, s in enumerate(spelt(t, b.x)):
        n = len(s)
        assert REBER.fullmatch(s) and n <= length
        assert b.x[:n, k].sum() == n and not b.x[n:, k].any()
        assert "".join(t.symbols[i] for i in b.target[: n - 1, k]) == s[1:]
        assert (b.weight[: n - 1, k] == 1 / (400 * (n - 1))).all() and not b.weight[n - 1 :, k].any()
        assert np.flatnonzero(b.scored[:, k]).tolist() == [n - 3]
        assert t.symbols[b.target[n - 3, k]] == s[1]
        for i in range(length):
            prefix = s[: i + 1]
            if prefix not in memo:
                memo[prefix] = followers(prefix)
            expected = memo[prefix] if i < n else set()
            assert {t.symbols[o] for o in np.flatnonzero(b.legal[i, k])} == expected


@PARTS
def test_reber_strings_are_as_frequent_as_their_forks_say(held_out):
    strings = Counter(spelt(task("reber", 20), draw("reber", 20, 20_000, held_out).x))
    common = [s for s, _ in strings.most_common(16)]
    forks = np.array([sum(len(followers(s[:i])) == 2 for i in range(1, len(s))) for s in common])
    share = 0.5**forks / (0.5**forks).sum()
    total = sum(strings[s] for s in common)
    for s, p in zip(common, share):
        assert abs(strings[s] / total - p) < 5 * math.sqrt(p * (1 - p) / total)


# Baselines


@PARTS
@pytest.mark.parametrize(("name", "mean", "baseline"), [("adding", 1, 1 / 6), ("adding_1997", 1 / 2, 1 / 24)])
def test_baselines_of_adding(name, mean, baseline, held_out):
    for length in LENGTHS[name]:
        t, b = task(name, length), draw(name, length, 8000, held_out)
        assert t.baseline == pytest.approx(baseline, rel=1e-15)
        # No constant is better than the mean.
        assert near(b.target, mean)
        assert near((b.target - mean) ** 2, baseline)
        assert t.tolerance == 0.04
        assert near(abs(b.target - mean) < 0.04, t.chance)
        assert right(t, b, np.full((1, 8000, 1), mean)) == (abs(b.target - mean) < 0.04).mean()


@PARTS
@pytest.mark.parametrize(("name", "classes"), [("order_2", 4), ("order_3", 8)])
def test_baselines_of_order(name, classes, held_out):
    for length in LENGTHS[name]:
        t, b = task(name, length), draw(name, length, 8000, held_out)
        assert t.outputs == classes and t.chance == 1 / classes
        assert t.baseline == pytest.approx(math.log(classes), rel=1e-15)
        for c in range(classes):
            assert near(b.target == c, 1 / classes)


@PARTS
@pytest.mark.parametrize("delay", LENGTHS["copy"])
def test_baseline_of_copy(delay, held_out):
    t, b = task("copy", delay), draw("copy", delay, 3000, held_out)
    assert t.chance == 1 / 8
    assert t.baseline == pytest.approx(10 * math.log(8) / (delay + 20), rel=1e-14)
    p = np.zeros((t.steps, 9))
    p[: delay + 10, 8] = 1
    p[delay + 10 :, :8] = 1 / 8
    loss = -(b.weight * np.log(np.take_along_axis(p[:, None], b.target[:, :, None], axis=-1)[..., 0])).sum()
    assert loss == pytest.approx(t.baseline, rel=1e-12)
    for step, c in itertools.product(range(10), range(8)):
        assert near(b.target[delay + 10 + step] == c, 1 / 8)


@pytest.mark.parametrize("length", [8, 10, 13])
def test_baseline_of_parity(length):
    """Over all sequences: the best that can be said of the parity by the bit of the same step, not knowing which."""
    t = task("parity", length)
    bits = np.array(list(itertools.product([0, 1], repeat=length)))
    odd = bits.cumsum(axis=1) % 2
    p = np.array([odd[bits == bit].mean() for bit in (0, 1)])[bits]
    assert t.baseline == pytest.approx(-np.log(np.where(odd, p, 1 - p)).mean(), rel=1e-12)
    assert t.baseline < math.log(2) and t.chance == 1 / 2
    assert f"loss {t.baseline:.3g}" in t.baseline_says
    assert task("parity", 100).baseline == pytest.approx(math.log(2), rel=1e-4)


@PARTS
def test_after_the_first_step_a_bit_says_nothing_of_the_parity(held_out):
    for length in (10, 50, 100):
        b = draw("parity", length, 20_000, held_out)
        # A split of few sequences cannot be quite even.
        slack = 5 * 0.5 * (math.sqrt(1 / 20_000) + (math.sqrt(1 / 120) if length == 10 else 0))
        for bit in (-1, 1):
            for step in (length // 2, length - 1):
                assert abs(b.target[step][b.x[step, :, 0] == bit].mean() - 1 / 2) < 1.5 * slack


@pytest.mark.parametrize("length", [16, 20, 60])
def test_baseline_of_reber(length):
    t, memo, losses = task("reber", length), {}, []
    for s in spelt(t, draw("reber", length, 20_000, held_out=True).x):
        if s not in memo:
            # Every prefix is followed by 1 symbol, or by one of 2 with the same probability.
            forks = sum(len(followers(s[:i])) - 1 for i in range(1, len(s)))
            memo[s] = (forks + 1) * math.log(2) / (len(s) - 1)
        losses.append(memo[s])
    assert np.std(losses) / math.sqrt(len(losses)) < 1e-3 * t.baseline
    assert near(losses, t.baseline)
    assert t.chance == 1 / 2


@pytest.mark.parametrize("length", LENGTHS["sunspots"])
def test_baseline_of_sunspots(length):
    t = task("sunspots", length)
    values = sunspots().values
    raw = np.stack([np.ones(219), values[:219]], axis=1)
    (a, b), *_ = np.linalg.lstsq(raw, values[1:220], rcond=None)
    mean, std = values[:220].mean(), values[:220].std()
    drawn = draw("sunspots", length, 5000, held_out=True)
    now, coming = drawn.x[:, :, 0] * std + mean, drawn.target * std + mean
    errors = ((a + b * now - coming) / std) ** 2
    assert near(errors.mean(axis=0), t.baseline)
    assert t.chance is None


@pytest.mark.parametrize("length", LENGTHS["sunspots"])
def test_sunspots_can_be_solved_by_looking_two_years_back(length):
    t = task("sunspots", length)
    past = draw("sunspots", length, 3000)
    x = past.x[:, :, 0]
    two_years = np.stack([np.ones(x[1:].size), x[1:].ravel(), x[:-1].ravel()], axis=1)
    rule, *_ = np.linalg.lstsq(two_years, past.target[1:].ravel(), rcond=None)
    held = draw("sunspots", length, 3000, held_out=True)
    x = held.x[:, :, 0]
    errors = (rule[0] + rule[1] * x[1:] + rule[2] * x[:-1] - held.target[1:]) ** 2
    # The first year of a stretch has no year before it, and costs what a rule from one year costs.
    first = (rule[1] / (1 - rule[2]) * x[0] - held.target[0]) ** 2
    assert (errors.sum(axis=0) + first).mean() / length < 0.95 * t.solved_below


@pytest.mark.parametrize("text", ["", "abracadabra! " * 12, "a" * 39 + "b", "ab" * 20 + "cdefghijkl"])
@pytest.mark.parametrize("length", LENGTHS["text"])
def test_baseline_of_text(text, length):
    t = task("text", length, text)
    text = text or DEFAULT_TEXT
    kinds, learnt = sorted(set(text)), text[: len(text) * 4 // 5]
    pairs, singles = Counter(itertools.pairwise(learnt)), Counter(learnt[:-1])
    b = t.draw(np.random.default_rng(1), 1000, held_out=True)
    losses, hits = [], []
    for x, target in zip(spelt(t, b.x), b.target.T):
        p = [(pairs[c, kinds[i]] + 1) / (singles[c] + len(kinds)) for c, i in zip(x, target)]
        best = [max(kinds, key=lambda k, c=c: (pairs[c, k], -kinds.index(k))) for c in x]
        losses.append(-np.log(p).mean())
        hits.append(np.mean([k == kinds[i] for k, i in zip(best, target)]))
    assert abs(np.mean(losses) - t.baseline) < 1e-12 or near(losses, t.baseline)
    assert abs(np.mean(hits) - t.chance) < 1e-12 or near(hits, t.chance)
    assert t.solved_below == t.baseline


def test_the_default_text():
    assert 300 <= len(DEFAULT_TEXT) <= 1000
    assert task("text").symbols == one_hot(DEFAULT_TEXT).alphabet
    cut = len(DEFAULT_TEXT) * 4 // 5
    learnt, new = DEFAULT_TEXT[:cut].split(". "), DEFAULT_TEXT[cut:].strip().strip(".").split(". ")
    assert not set(learnt) & set(new)
    assert {word for s in new for word in s.split()} <= {word for s in learnt for word in s.split()}


def test_a_long_text_is_cut_and_that_is_said():
    t = task("text", 10, "0123456789" * 150)
    assert t.source == (
        "The first 800 of the 1000 characters are trained on, the rest is held out. "
        "Only the first 1000 of 1500 characters are used."
    )


# What is right


def plainly_right(t, b, output):
    """Of (S, B, O) outputs, one answer after the other."""
    good = count = 0
    for s, k in np.argwhere(b.scored):
        answer, count = output[s, k].tolist(), count + 1
        if t.real:
            good += abs(answer[0] - b.target[s, k]) < t.tolerance
        elif b.legal is not None:
            legal = set(np.flatnonzero(b.legal[s, k]))
            order = sorted(range(t.outputs), key=lambda o: -answer[o])
            good += set(order[: len(legal)]) == legal
        else:
            good += answer.index(max(answer)) == b.target[s, k]
    return good / count


def answers(t, b, rng, shape):
    """Random outputs (*shape, O) that are often right."""
    noise = rng.standard_normal((*shape, t.outputs))
    target = b.target if b.target.ndim == len(shape) else b.target[:, None]
    if t.real:
        return target[..., None] + 0.1 * noise
    return 2.0 * (np.arange(t.outputs) == target[..., None]) + noise


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("name", TASKS)
def test_right_agrees_with_a_plain_loop(name, everywhere):
    t, rng = task(name), np.random.default_rng(3)
    batches = [t.draw(rng, 16) for _ in range(3)]
    if everywhere:
        batches = [dataclasses.replace(b, scored=b.weight > 0) for b in batches]
    one = batches[0]
    output = answers(t, one, rng, one.target.shape)
    share = right(t, one, output)
    assert share.shape == () and share == pytest.approx(plainly_right(t, one, output), abs=1e-15)

    s, b = one.target.shape
    output = answers(t, one, rng, (s, 3, b))
    shares = right(t, one, output)
    assert shares.shape == (3,) and len(set(shares)) > 1
    assert shares == pytest.approx([plainly_right(t, one, output[:, k]) for k in range(3)], abs=1e-15)

    together = Batch(
        *(np.stack([getattr(b, f) for b in batches], axis=1) for f in ("x", "target", "weight", "scored")),
        legal=None if one.legal is None else np.stack([b.legal for b in batches], axis=1),
    )
    output = answers(t, together, rng, (s, 3, b))
    shares = right(t, together, output)
    assert shares == pytest.approx([plainly_right(t, b, output[:, k]) for k, b in enumerate(batches)], abs=1e-15)
    assert (right(t, together, output.astype(np.float32)) == shares).all()


@pytest.mark.parametrize("name", TASKS)
def test_perfect_answers_are_right_and_nan_is_wrong(name):
    t = task(name)
    b = t.draw(np.random.default_rng(0), 16)
    perfect = b.target[..., None] if t.real else 1.0 * (np.arange(t.outputs) == b.target[..., None])
    assert right(t, b, perfect) == 1
    assert right(t, b, np.where(perfect > -np.inf, np.nan, 0)) == 0
    spoilt = perfect.astype(float).copy()
    spoilt[..., -1] = np.nan
    assert right(t, b, spoilt) == 0


def test_the_margin_is_not_right():
    b = Batch(np.zeros((1, 2, 2)), np.array([[0.0, 0.0]]), np.full((1, 2), 0.5), np.ones((1, 2), dtype=bool))
    assert right(task("adding"), b, np.array([[[0.04], [-0.0399]]])) == 0.5


# Refusals


def refusal(*arguments, **options):
    with pytest.raises(ValueError) as caught:
        task(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "Copy", "adding ", None, 3, ["copy"], float("nan")])
def test_unknown_names(name):
    assert refusal(name) == (
        "The 'name' parameter must be one of 'adding', 'adding_1997', 'order_2', 'order_3', 'copy', 'reber', "
        f"'parity', 'sunspots', 'text', 'next_sine', 'next_sunspots', 'motions'. Got {name!r} instead."
    )


@pytest.mark.parametrize("name", TASKS)
def test_bad_lengths(name):
    low, default, high = LENGTHS[name]
    task(name, default)  # or a cache could mistake 10.0 for 10
    for length in (low - 1, high + 1, -high, float(default), low + 0.5, float("nan"), str(default), True, [default]):
        assert refusal(name, length) == (
            f"The 'length' parameter must be a whole number from {low} to {high} for the task {name!r}. "
            f"Got {length!r} instead."
        )


def test_bad_texts():
    assert refusal("text", 5, "a" * 12 + "b" * 12) == (
        "The 'text' parameter must be at least 25 characters long, since the last fifth is held out from training. "
        "Got 'aaaaaaaaaaaabbbbbbbbbbbb' instead."
    )
    for short in ("x", "ab", "\r\n"):  # the same 25 for all of them
        assert "at least 25 characters" in refusal("text", text=short)
    assert refusal("text", text=" " * 30) == (
        "The 'text' parameter must have at least 2 distinct characters. Got 1 instead."
    )
    assert refusal("text", text=7) == "The 'text' parameter must be text. Got 7 instead."
    assert "at most 64 distinct characters. Got 70" in refusal("text", text="".join(map(chr, range(48, 118))))
    assert task("text", 5, "a" * 12 + "b" * 13).steps == 5
    assert task("parity", text="x") is task("parity")


@pytest.mark.parametrize("batch", [0, -1, 2.0, True, "3", None])
def test_bad_batches(batch):
    with pytest.raises(ValueError) as caught:
        task("copy").draw(np.random.default_rng(0), batch)
    allowed = "a whole number from 1 to 1,000,000"
    assert str(caught.value) == f"The 'batch' parameter must be {allowed}. Got {batch!r} instead."


# Finite data sets


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("name", ["sunspots", "text", "next_sine", "next_sunspots", "motions"])
def test_parts_of_a_finite_data_set_have_nothing_in_common(name, share):
    """Their answers: inputs may reach back in time, into an earlier part."""
    t = task(name, LENGTHS[name][0], validation=share)
    parts = {p: set(getattr(t.sampler, p).tolist()) for p in ("training", "validation", "held_out")}
    assert (t.finite, bool(parts["validation"])) == (True, share > 0)
    if name in ("sunspots", "text"):  # what a stretch answers: of steps first to first + T - 1
        parts = {p: {k + s for k in own for s in range(t.steps)} for p, own in parts.items()}
    assert not parts["training"] & parts["validation"] and not parts["held_out"] & (
        parts["training"] | parts["validation"]
    )
    assert parts["held_out"] == set(task(name, LENGTHS[name][0]).sampler.held_out.tolist()) or t.ahead
    of_both = len(parts["training"] | parts["validation"])
    assert len(parts["validation"]) == pytest.approx(share * of_both, abs=3)


@pytest.mark.parametrize("name", ["next_sine", "next_sunspots"])
@pytest.mark.parametrize("length", [10, 100])
def test_a_window_asks_for_what_comes_next(name, length):
    t, long = task(name, length), task(name, 10)
    for part in ("training", "held_out"):
        b = t.part(part)
        assert (b.x[1:, 0, 0] == b.x[:-1, 1, 0]).all(), "the next window is one later"
        assert (b.target[0, :-1] == b.x[-1, 1:, 0]).all(), "its last value is what was asked for"
        assert (b.target[0, -20:] == long.part(part).target[0, -20:]).all(), "whatever the length"
    assert t.part("training", 5).x.shape == (length, 5, 1)
    # The baselines, worked out once more from raw windows.
    held, past = t.part("held_out"), task(name, 10).part("training")
    assert t.baseline == pytest.approx(((held.target[0] - held.x[-1, :, 0]) ** 2).mean(), rel=1e-12)
    rows = np.concatenate([past.x[-9:, :, 0].T, np.ones((past.x.shape[1], 1))], axis=1)
    rule, *_ = np.linalg.lstsq(rows, past.target[0], rcond=None)
    errors = np.concatenate([held.x[-9:, :, 0].T, np.ones((held.x.shape[1], 1))], axis=1) @ rule - held.target[0]
    assert (errors**2).mean() == pytest.approx(t.solved_below, rel=0.02) and t.solved_below < t.baseline
    assert list(t.dull.values()) == [t.baseline, t.solved_below]


def test_the_sine_has_the_noise_it_says():
    t = task("next_sine", 10)
    assert t.solved_below > 0.01
    z = np.concatenate([t.part("training").target[0], t.part("held_out").target[0]])
    clean = np.sin(2 * np.pi * (np.arange(len(z)) + 10) / 25)
    assert len(z) == 990 and np.std(z - clean) == pytest.approx(0.1, rel=0.1)


def test_basic_motions_are_those_published():
    m, t = basic_motions(), task("motions")
    assert m.x.shape == (100, 80, 6) and m.classes == ("badminton", "running", "standing", "walking")
    assert [np.bincount(m.labels[part]).tolist() for part in (slice(40), slice(40, 80))] == [[10] * 4] * 2
    assert m.x[0, 0].tolist() == pytest.approx([0.079106, 0.394032, 0.551444, 0.351565, 0.02397, 0.633883], abs=1e-9)
    training, held = t.part("training"), t.part("held_out")
    assert np.abs(training.x.mean(axis=(0, 1))).max() < 1e-12 and np.ptp(training.x.std(axis=(0, 1))) < 1e-12
    assert (held.target[0] == m.labels[40:]).all() and training.x.shape == held.x.shape == (100, 40, 6)
    # The dull answer: one wrong step in forty is 2.5 points.
    (words,) = t.dull
    assert "ridge" in words and t.dull[words] == 0.95
    assert (task("motions", 100, validation=0.2).part("validation").target[0] >= 0).sum() == 8


@pytest.mark.parametrize("name", ["sunspots", "text", "next_sine", "next_sunspots", "motions"])
def test_shuffled_labels_are_those_of_the_training_part_in_another_order(name):
    length = LENGTHS[name][0]
    plain, mixed = task(name, length, validation=0.2), task(name, length, validation=0.2, labels="shuffled")
    for part in ("training", "validation", "held_out"):
        one, other = plain.part(part), mixed.part(part)
        assert (one.x == other.x).all()
        assert (one.target == other.target).all() == (part != "training")
    assert (
        mixed.part("training").target == task(name, length, validation=0.2, labels="shuffled").part("training").target
    ).all()
    if name == "motions":
        assert sorted(one for one in mixed.part("training").target[0]) == sorted(plain.part("training").target[0])


def test_parts_there_are_not():
    for found, name in ((task("adding"), "training"), (task("motions"), "validation"), (task("motions"), "test")):
        with pytest.raises(ValueError, match="The 'name' parameter must be"):
            found.part(name)
