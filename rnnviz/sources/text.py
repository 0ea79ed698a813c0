"""Text as a sequence of one-hot vectors, one per character."""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from rnnviz.arguments import complaint, instance, whole

MAX_CHARACTERS = 1000
MAX_ALPHABET = 64

# The line boundaries of str.splitlines; CR LF is one of them, not two.
_LINE_BREAK = re.compile("\r\n|[\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, eq=False)
class OneHot:
    """A text as one-hot vectors.

    x: (T, D) float64, row t is 1 at the column of character t, else 0.
    characters: the T characters used. alphabet: the D distinct ones, sorted by code point.
    given: characters in the whole text before it was cut to T.
    """

    x: np.ndarray
    characters: tuple[str, ...]
    alphabet: tuple[str, ...]
    given: int


def one_hot(text: str, steps: int | None = None) -> OneHot:
    """Return `text` as one-hot vectors, cut at 1000 or `steps` characters, the smaller.

    A character is a Unicode code point after NFC normalisation; a line break becomes a
    space. The alphabet is that of the characters kept.

    Raises ValueError for a text under 2 characters, more than 64 distinct characters
    among those kept, `steps` not a whole number of at least 2, or anything but text.
    """
    instance("text", text, str, "text")
    whole_text = _LINE_BREAK.sub(" ", unicodedata.normalize("NFC", text))
    if len(whole_text) < 2:
        raise ValueError(complaint("text", "at least 2 characters long", text))
    limit = MAX_CHARACTERS if steps is None else min(MAX_CHARACTERS, whole("steps", steps, 2))
    characters = tuple(whole_text[:limit])
    alphabet = tuple(sorted(set(characters)))
    if len(alphabet) > MAX_ALPHABET:
        raise ValueError(
            f"The 'text' parameter must have at most {MAX_ALPHABET} distinct characters. "
            f"Got {len(alphabet)} instead: use a shorter text, or one with fewer different "
            "characters."
        )
    column = {character: d for d, character in enumerate(alphabet)}
    x = np.zeros((len(characters), len(alphabet)))
    x[np.arange(len(characters)), [column[character] for character in characters]] = 1.0
    return OneHot(x, characters, alphabet, given=len(whole_text))
