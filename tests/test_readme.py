"""What the README shows of a notebook runs as it stands."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from tensors import Tensor

import rnnviz
from rnnviz.engine.record import LARGEST, _held

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def gru_cell(inputs, hidden):
    """What torch.nn.GRUCell holds."""
    rng = np.random.default_rng(0)
    shapes = {
        "weight_ih": (3 * hidden, inputs),
        "weight_hh": (3 * hidden, hidden),
        "bias_ih": (3 * hidden,),
        "bias_hh": (3 * hidden,),
    }
    return SimpleNamespace(**{name: Tensor(rng.normal(size=shape) * 0.1) for name, shape in shapes.items()})


def test_in_a_notebook():
    section = README.split("## In a notebook")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    here = {
        "torch": SimpleNamespace(nn=SimpleNamespace(GRUCell=gru_cell)),
        "inputs": Tensor(np.ones((5, 2, 3))),
        "output_gradient": np.ones((5, 2, 32)),
    }
    for block in blocks:
        exec(block, here)
    assert len(blocks) == 5
    assert here["lstm"].log10_dh.shape == (100,) and here["lstm"].gates["f"].shape == (100, 1, 32)
    assert here["gru"].h.shape == (5, 2, 32) and here["gru"].dh.any()
    deep = here["deep"]
    assert deep.log10_dh["layer 2 backward"].shape == deep.log10_arrows["sum 3", "sum 2"].shape == (100,)
    run = here["run"]
    assert run.finished and run.solved().all()
    assert run.history["norm_before"].shape[1:] == (8,) and run.history["log10_dh"].shape[1:] == (8, 20)
    stack = here["stack"]
    assert stack.tests["validation loss"].shape[1:] == (4,) and stack.history["log10_dh layer 1"].shape[1:] == (4, 100)
    assert rnnviz.__version__


def test_the_limits_that_it_states_are_those_there_are():
    text, bounds = " ".join(README.split()), rnnviz.BOUNDS
    steps, layers = bounds["steps"], bounds["layers"].high
    batch, inputs, units = (bounds[name].high for name in ("batch_size", "input_size", "hidden_size"))
    assert f"T from {steps.low} to {steps.high}, B to {batch}, D to {inputs}, H to {units}, {layers} layers" in text
    assert f"recordings of {LARGEST // 10**9} GB" in text
    assert f"about {round(_held(rnnviz.CELLS['lstm'], 1), -1)} bytes a step, sequence and unit" in text
