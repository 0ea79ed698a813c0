"""Recordings of a smart watch: what did its wearer do?"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from rnnviz.arguments import read_only


@dataclass(frozen=True, eq=False)
class Motions:
    """80 recordings of 10 seconds, the first 40 for training and the last 40 for the test, as published.

    x: (100, 80, 6) float64, ten steps a second, in the units of the recording. labels: (80,) int64, the number of the
    class. classes, channels: their names. source: a sentence. All arrays are read-only.
    """

    x: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    source: str


@lru_cache(maxsize=1)
def basic_motions() -> Motions:
    """Return the basic motions: badminton, running, standing and walking, ten of each in either part."""
    path = files("rnnviz.sources").joinpath("data").joinpath("basic_motions.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        # (sequences, steps, channels); whole numbers of millionths
        parts = [held[f"{part}_values"].reshape(len(held[f"{part}_lengths"]), -1, 6) for part in ("train", "test")]
        labels = np.concatenate([held["train_labels"], held["test_labels"]]).astype(np.int64)
        classes = tuple(name.lower() for name in held["classes"].tolist())
    x = np.ascontiguousarray(np.concatenate(parts).transpose(1, 0, 2)) / 1e6
    return Motions(
        x=read_only(x),
        labels=read_only(labels),
        classes=classes,
        channels=tuple(f"{what} {axis}" for what in ("acceleration", "turning") for axis in "xyz"),
        source=(
            "BasicMotions, recorded by students with a smart watch: University of East Anglia archive (Bagnall and "
            "others 2018), as distributed with aeon (BSD-3); no licence of its own was found."
        ),
    )
