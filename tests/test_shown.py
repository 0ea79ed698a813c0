"""What an object shows of itself in a notebook, and the version."""

import ast
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnnviz
from rnnviz import CELLS, Config, Parameters, TrainConfig, Training, record, record_many

ROOT = Path(__file__).parents[1]
CONFIG = Config(steps=5, batch_size=2, input_size=3, hidden_size=4)
LINE = re.compile(r"  (\S+) +(\(.*?\)) +(\S.*)")


def shown(thing):
    """The first line, and name -> (shape, what it is) of the others."""
    first, *others = repr(thing).splitlines()
    rows = {}
    for line in others:
        name, shape, what = LINE.fullmatch(line).groups()
        rows[name] = (ast.literal_eval(shape), what)
    assert all(len(line) <= 120 for line in (first, *others)), repr(thing)
    return first, rows


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_recording_is_a_line_an_array(cell, many):
    config = replace(CONFIG, cell=cell)
    recording = record_many([config] * 3) if many else record(config)
    first, rows = shown(recording)
    assert not {"dh", "gradients", "dx", "log10_dh"} & set(vars(recording)), "nothing is computed for it"
    for part in (CELLS[cell].title, "5 steps", "batch size 2", "3 inputs", "4 hidden units", *["3 networks"] * many):
        assert part in first
    assert {"x", "h", "dh", "log10_dh", "dx", *(f"gates[{g!r}]" for g in CELLS[cell].gates if g != "h")} <= set(rows)
    assert ("c" in rows) == ("dc" in rows) == ("c" in CELLS[cell].states)
    for name, (shape, what) in rows.items():
        found = eval(f"recording.{name}", {"recording": recording})
        assert np.shape(found) == shape, name
        assert what


def test_parameters_are_a_line_an_array():
    first, rows = shown(record(CONFIG).parameters)
    assert first == "Parameters"
    assert rows == {
        "W": ((3, 16), "input weights"),
        "U": ((4, 16), "recurrent weights"),
        "b": ((16,), "bias"),
        "b_rec": ((16,), "bias of the recurrent product"),
    }
    assert "list" in repr(Parameters([[1.0], [1.0, 2.0]], None, 1, "text"))  # it shows itself, whatever it holds


def test_a_training_is_a_line_an_array():
    training = Training(TrainConfig(cell="gru", hidden_size=3, networks=2, updates=30))
    for _ in range(25):
        training.update()
    first, rows = shown(training)
    for part in ("2 networks", "GRU", "Temporal order", "25 of 30 updates", "0 stopped"):
        assert part in first
    assert {f"history[{n!r}]" for n in ("loss", "norm_before", "norm_after", "clipped", "log10_dh")} <= set(rows)
    for name, (shape, what) in rows.items():
        assert eval(f"training.{name}", {"training": training}).shape == shape, name
        assert what


def test_the_version_stands_in_one_place():
    """In the package, which runs where it lies; an installer reads it there as well, without running it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"] and "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "rnnviz.__version__"
    text = (ROOT / "rnnviz" / "__init__.py").read_text()
    (written,) = re.findall(r"^__version__ = \"(.+)\"$", text, re.MULTILINE)
    assert rnnviz.__version__ == written and re.fullmatch(r"\d+\.\d+\.\d+", written)
