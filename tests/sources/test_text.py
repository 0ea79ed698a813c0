import dataclasses
import string
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.sources import one_hot

MANY = string.ascii_letters + string.digits + "+-*/"


def test_hello():
    h = one_hot("hello")
    assert h.alphabet == ("e", "h", "l", "o")
    assert h.characters == tuple("hello")
    assert h.given == 5
    assert h.x.dtype == np.float64
    assert h.x.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


@given(st.text(alphabet="abcé ñ\n", min_size=2, max_size=50))
def test_rows_are_one_hot_and_spell_the_text(text):
    h = one_hot(text)
    assert h.x.shape == (len(h.characters), len(h.alphabet))
    assert ((h.x == 0) | (h.x == 1)).all()
    assert (h.x.sum(axis=1) == 1).all()
    spelt = "".join(h.alphabet[d] for d in h.x.argmax(axis=1))
    assert spelt == unicodedata.normalize("NFC", text).replace("\n", " ")
    assert list(h.alphabet) == sorted(set(spelt))


@pytest.mark.parametrize(
    ("length", "steps", "kept"),
    [(1000, None, 1000), (1001, None, 1000), (5000, 2000, 1000), (50, 7, 7), (5, 7, 5), (5, 2, 2)],
)
def test_cut_at_the_smaller_of_1000_and_steps(length, steps, kept):
    h = one_hot("ab" * (length // 2) + "a" * (length % 2), steps)
    assert h.x.shape == (kept, 2)
    assert len(h.characters) == kept
    assert h.given == length


def test_alphabet_is_that_of_the_characters_kept():
    assert one_hot("abcdef", 3).alphabet == ("a", "b", "c")
    assert len(one_hot("ab" + MANY, 2).alphabet) == 2


def test_composed_and_decomposed_letters_are_one_character():
    h = one_hot("e\u0301\u00e9")
    assert h.characters == ("\u00e9", "\u00e9")
    assert h.given == 2


def test_compatibility_characters_are_kept():
    assert one_hot("\u00b2\ufb01").characters == ("\u00b2", "\ufb01")


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\v", "\f"])
def test_a_line_break_becomes_one_space(line_break):
    assert one_hot(f"a{line_break}b").characters == ("a", " ", "b")


def test_blank_lines_stay_two_spaces():
    assert one_hot("a\r\n\r\nb").characters == ("a", " ", " ", "b")


@pytest.mark.parametrize("text", ["", "a", "e\u0301", "\r\n"])
def test_too_short(text):
    with pytest.raises(ValueError) as caught:
        one_hot(text)
    assert str(caught.value) == (f"The 'text' parameter must be at least 2 characters long. Got {text!r} instead.")


def test_too_many_distinct_characters():
    assert len(MANY) == 66
    assert one_hot(MANY[:64]).x.shape == (64, 64)
    with pytest.raises(ValueError) as caught:
        one_hot(MANY)
    assert str(caught.value) == (
        "The 'text' parameter must have at most 64 distinct characters. Got 66 instead: "
        "use a shorter text, or one with fewer different characters."
    )


@pytest.mark.parametrize("steps", [1, 0, 2.5, "3"])
def test_bad_steps(steps):
    with pytest.raises(ValueError) as caught:
        one_hot("hello", steps)
    assert str(caught.value) == (f"The 'steps' parameter must be a whole number of at least 2. Got {steps!r} instead.")


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        one_hot("ab").given = 3
