"""A cell is one file, and nothing else knows the cells: new ones are recorded, and wrong ones are caught."""

import importlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import autograd
import networks
import numpy as np
import pytest
from autograd.extend import defvjp, primitive
from compare import assert_close
from networks import as_dict, network, output_gradient

import rnnviz
from rnnviz import CELLS, Config, NetworkConfig, TrainConfig, Training, record, record_many, record_with
from rnnviz.cells import Cell, register
from rnnviz.cells.base import identity, relu, sigmoid, tanh
from rnnviz.checks import hand_written as oracle
from rnnviz.engine.adjoint import pull_back
from rnnviz.engine.anatomy import step_jacobians

MINIMAL_GATED = '''
"""Minimal gated unit (Zhou et al. 2016): one gate that both resets and updates."""

from .base import Cell, register, sigmoid, tanh


def reset_state(f, h_prev):
    return f * h_prev


def hidden_state(f, n, h_prev):
    return (1.0 - f) * h_prev + f * n


register(
    Cell(
        name="minimal",
        title="MGU",
        family="gru",
        gates=("f", "n"),
        states=("h",),
        equations={"f": sigmoid, "q": reset_state, "n": tanh, "h": hidden_state},
        latex={"f": "", "q": "", "n": "", "h": ""},
        multiplied={"n": "q"},
    )
)
'''


def cell(name, gates, equations, states=("h",), **other):
    text = {"title": name, "family": "new", "latex": dict.fromkeys(equations, "")}
    return Cell(name=name, gates=gates, states=states, equations=equations, **text, **other)


# Each asks something of the engine that the nine cells do not.
NEW = {
    # one gate; the new state is read beside the old one
    "leaky": lambda: cell("leaky", ("n",), {"n": tanh, "h": lambda n, h_prev: 0.9 * h_prev + 0.1 * n}),
    # gates that read the cell state, of the previous step and of this one
    "peephole": lambda: cell(
        "peephole",
        ("g", "i", "f", "o"),
        states=("h", "c"),
        equations={
            "g": tanh,
            "i": lambda a_i, c_prev: sigmoid(a_i + 0.3 * c_prev),
            "f": lambda a_f, c_prev: sigmoid(a_f - 0.7 * c_prev),
            "c": lambda f, c_prev, i, g: f * c_prev + i * g,
            "o": lambda a_o, c: sigmoid(a_o + 0.5 * c),
            "h": lambda o, c: o * tanh(c),
        },
    ),
    # input and recurrent term multiplied with one another (Wu et al. 2016); parts read by several equations
    "multiplicative": lambda: cell(
        "multiplicative",
        ("n", "z"),
        {
            "n": lambda x_n, u_n: tanh(0.3 * x_n * u_n + x_n + 0.5 * u_n),
            "c": lambda n, c_prev, u_z: c_prev * n + u_z,
            "h": lambda c, n, h_prev, u_z, x_z, x_n: n * tanh(c) + 0.4 * h_prev + 0.1 * tanh(u_z + x_z) * x_n,
        },
        states=("h", "c"),
    ),
    # two gates multiply another vector, which itself comes from a state other than h
    "two products": lambda: cell(
        "two products",
        ("r", "n", "m"),
        states=("h", "c"),
        equations={
            "r": sigmoid,
            "q": lambda r, h_prev, c_prev: r * h_prev + 0.2 * c_prev,
            "n": tanh,
            "m": sigmoid,
            "c": lambda m, c_prev, n: m * c_prev + n,
            "h": lambda c, n, q: tanh(c) + 0.1 * n * q,
        },
        multiplied={"n": "q", "m": "q"},
    ),
    # three states, h not the last to be computed, and a state that reads no gate
    "three states": lambda: cell(
        "three states",
        ("n", "k"),
        states=("h", "c", "s"),
        equations={
            "n": tanh,
            "k": sigmoid,
            "c": lambda n, s_prev, c_prev: 0.5 * c_prev + n * s_prev,
            "h": lambda c, k, n: k * tanh(c + 0.5 * n),
            "s": lambda h, s_prev: 0.8 * s_prev + 0.1 * h,
        },
    ),
    # equal activations that lie apart, and different ones side by side
    "patchwork": lambda: cell(
        "patchwork",
        ("p", "q", "r", "s"),
        {
            "p": sigmoid,
            "q": tanh,
            "s": sigmoid,
            "r": sigmoid,
            "v": lambda p, q: p * q,
            "w": lambda v, r: v + r,
            "h": lambda w, s, v: tanh(w) * s - v,
        },
    ),
    # an equation that reads the same gate twice, and a recurrence with no gate on the way
    "residual": lambda: cell(
        "residual", ("n",), {"n": identity, "h": lambda n, a_n, h_prev: h_prev + tanh(n) * sigmoid(a_n)}
    ),
}


@pytest.fixture
def new_cell(request):
    made = register(NEW[request.param]())
    yield made.name
    del CELLS[made.name]


def check(name):
    """Everything that is asked of the nine."""
    networks.check_finite_differences(name)
    if set(CELLS[name].states) <= {"h", "c"}:
        networks.check_finite_differences_of_each_state(name)
    configs = [Config(name, steps=15, hidden_size=4, batch_size=2, gain=g, seed=s) for s, g in enumerate((0.5, 1.5))]
    ensemble = record_many(configs)
    for k, config in enumerate(configs):
        alone = record(config)
        assert_close(ensemble.h[:, k], alone.h, rtol=1e-12)
        assert_close(ensemble.dh[:, k], alone.dh, rtol=1e-12, per_step=True)
        assert_close(ensemble.gradients.U[k], alone.gradients.U, rtol=1e-12)
    size = 2.0**400  # far enough from 1 for powers of two to be carried apart
    back = pull_back(alone.local, alone.parameters.U, size * alone.output_gradient)
    for cut, expected in back.cuts.items():
        true = np.ldexp(expected, back.exponent[:, None, None]) / size
        assert_close(alone._cut(cut), true, rtol=1e-12, per_step=True)
    for shares in alone.shares.values():
        assert abs(shares.sum() - 1) < 1e-12
    one = record(Config(name, steps=15, hidden_size=4))
    back = np.zeros(4 * len(CELLS[name].states))
    back[:4] = one.output_gradient[-1, 0]
    for jacobian in step_jacobians(one)[::-1]:
        back = back @ jacobian
    assert_close(back, np.concatenate([one.initial_gradient[s][0] for s in CELLS[name].states]), rtol=1e-10)


@pytest.mark.parametrize("new_cell", NEW, indirect=True)
def test_new_cells(new_cell):
    assert new_cell in CELLS
    check(new_cell)


def test_nothing_of_them_is_left():
    assert not set(NEW) & set(CELLS)


def test_a_cell_is_one_file(tmp_path, monkeypatch):
    """The file alone is enough: put beside the others, it is recorded with the right gradients."""
    (tmp_path / "minimal.py").write_text(MINIMAL_GATED)
    monkeypatch.setattr(rnnviz.cells, "__path__", [*rnnviz.cells.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        importlib.import_module("rnnviz.cells.minimal")
        assert list(CELLS)[-1] == "minimal"
        check("minimal")
        parameters, x, initial = network("minimal", T=4)
        recording = record_with("minimal", parameters, x, np.ones((4, 3, 4)), initial)
        h = initial["h"]
        for t in range(4):
            f = 1 / (1 + np.exp(-(x[t] @ parameters.W + parameters.b + h @ parameters.U + parameters.b_rec)[:, :4]))
            n = np.tanh((x[t] @ parameters.W + parameters.b + (f * h) @ parameters.U + parameters.b_rec)[:, 4:])
            h = (1 - f) * h + f * n
            assert_close(recording.h[t], h, rtol=1e-13)
    finally:
        CELLS.pop("minimal", None)
        sys.modules.pop("rnnviz.cells.minimal", None)
        rnnviz.cells.__dict__.pop("minimal", None)
    with pytest.raises(ValueError, match="'minimal'"):
        Config("minimal")


def test_a_file_put_there_is_found(tmp_path):
    """A copy of the package with one file more, in a Python of its own."""
    package = Path(rnnviz.__file__).parent
    shutil.copytree(package, tmp_path / "rnnviz", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "rnnviz" / "cells" / "minimal.py").write_text(MINIMAL_GATED)
    script = "import rnnviz; r = rnnviz.record(rnnviz.Config('minimal')); print(sorted(rnnviz.CELLS), r.dh.any())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == f"{sorted([*CELLS, 'minimal'])} True", done.stderr


def test_overflow_of_a_state_that_does_not_show_in_h():
    equations = {"n": tanh, "c": lambda n, c_prev: 1e10 * c_prev + n, "h": lambda c: tanh(c)}
    made = register(cell("exploding", ("n",), equations, states=("h", "c")))
    try:
        recording = record(Config(made.name, steps=100, hidden_size=3))
        first = 1 + np.flatnonzero(~np.isfinite(recording.c).all(axis=(1, 2)))[0]
        assert 30 <= first <= 33 and recording.overflow_step == first and np.isfinite(recording.h).all()
    finally:
        del CELLS[made.name]


# ---- what a cell may not be ------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: cell("bad", ("n",), {"n": tanh, "h": lambda n, c_prev: n}),
            "'h' of cell 'bad' must read.* Got 'c_prev'",
        ),
        (lambda: cell("bad", ("n",), {"h": lambda n: n, "n": tanh}), "Got 'n' instead"),
        (lambda: cell("bad", ("n",), {"n": tanh}), "must have an equation for each of its states"),
        (lambda: cell("bad", ("n",), {"n": tanh, "c": lambda n: n, "h": lambda n: n}, states=("c", "h")), "being 'h'"),
        (lambda: cell("bad", ("n",), {"n": tanh, "h": lambda n: n}, multiplied={"n": "q"}), "must have an equation"),
        (lambda: cell("bad", ("n",), {"n": tanh, "h": lambda n, x_n: n * x_n}), r"either whole.* Got \['a_n', 'x_n'\]"),
        (lambda: cell("bad", ("n",), {"h": lambda u_n: u_n}), r"or in both its parts.* Got \['u_n'\]"),
        (lambda: cell("bad", ("n", "k"), {"n": tanh, "h": lambda n: n}), r"gate 'k'.* Got \[\]"),
    ],
    ids=["unknown", "too early", "no h", "h not first", "no vector", "whole and in part", "one part", "unread"],
)
def test_a_definition_that_cannot_work_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("gates, multiplied", [(("n", "f"), {"n": "q"}), (("f", "n", "m"), {"n": "q", "m": "f"})])
def test_a_walk_the_engine_does_not_know_is_refused(gates, multiplied):
    equations = {"f": sigmoid, "q": lambda f, h_prev: f * h_prev, "n": tanh}
    equations |= {"m": tanh} if "m" in gates else {}
    made = register(cell("bad", gates, equations | {"h": lambda n: n}, multiplied=multiplied))
    try:
        with pytest.raises(ValueError, match="must be the last ones"):
            record(Config(made.name))
    finally:
        del CELLS[made.name]


def shares(a):
    exponentials = np.exp(a)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    "mixing",
    [
        lambda a: tanh((a - np.mean(a, axis=-1, keepdims=True)) / (1e-5 + np.std(a, axis=-1, keepdims=True))),
        shares,
        lambda a: np.cumsum(a, axis=-1),
        lambda a: np.concatenate([a[..., 4:], a[..., :4]], axis=-1),
        lambda a: a - np.mean(a, axis=-2, keepdims=True),
    ],
    ids=["layer norm", "softmax", "running sum", "units further on", "the batch's mean"],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda name: record(Config(name, hidden_size=8, batch_size=2)),
        lambda name: record_many([Config(name, hidden_size=8, batch_size=2)]),
        lambda name: record(NetworkConfig(name, hidden_size=8, batch_size=2)),
        lambda name: Training(TrainConfig(name, hidden_size=8)),
    ],
    ids=["record", "record_many", "of a stack", "Training"],
)
def test_an_equation_that_mixes_units_is_refused(mixing, ask):
    """autograd would differentiate it, and the engine take each unit's derivative by itself alone for the whole."""
    made = register(cell("bad", ("n",), {"n": mixing, "h": lambda n, h_prev: 0.5 * h_prev + n}))
    try:
        with pytest.raises(ValueError, match="equation 'n' of cell 'bad' must compute each unit from that unit's own"):
            ask("bad")
    finally:
        del CELLS[made.name]


def test_an_equation_may_know_its_units():
    """Constants of its own for each unit make no unit read another's arguments."""
    made = register(cell("scaled", ("n",), {"n": lambda a: tanh(a * np.linspace(0.5, 2.0, 4)), "h": lambda n: n}))
    try:
        networks.check_finite_differences("scaled")
    finally:
        del CELLS[made.name]


# ---- what the engine rests on ----------------------------------------------------------------


def equations_of_all_cells():
    return [(name, equation) for name in CELLS for equation in CELLS[name].equations]


@pytest.mark.parametrize("name, equation", equations_of_all_cells())
def test_equations_are_pointwise(name, equation):
    """A unit's result depends on that unit's arguments alone, and autograd has its derivative right."""
    function, reads = CELLS[name].equations[equation], CELLS[name].reads[equation]
    rng = np.random.default_rng(len(equation))
    arguments = [rng.normal(size=(3, 4)) for _ in reads]
    cotangent = rng.normal(size=(3, 4))
    value = function(*arguments)
    assert value.shape == (3, 4)
    for k in range(len(arguments)):
        vjp, _ = autograd.make_vjp(function, k)(*arguments)
        slope = vjp(np.ones((3, 4)))
        assert_close(vjp(cotangent), cotangent * slope, rtol=1e-14)
        jacobian = autograd.jacobian(function, k)(*arguments).reshape(12, 12)
        np.testing.assert_array_equal(jacobian - np.diag(np.diag(jacobian)), np.zeros((12, 12)))
        for where in np.ndindex(3, 4):
            own = [float(a[where]) for a in arguments]
            assert abs(function(*own) - value[where]) < 1e-14  # of one unit's numbers on their own

            def moved(s, own=own, k=k):
                return function(*(a + s * (j == k) for j, a in enumerate(own)))

            difference = networks.central_difference(moved, 1e-3)
            assert abs(difference - slope[where]) < 1e-9 * max(1.0, abs(slope[where]))


WRONG = {
    "factor": lambda g, ans: g * (1 - ans**2) * 1.000001,
    "sign": lambda g, ans: -g * (1 - ans**2),
    "not squared": lambda g, ans: g * (1 - ans),
    "one unit": lambda g, ans: g * (1 - ans**2) * (1 + 1e-6 * (np.arange(ans.shape[-1]) == 2)),
}


@pytest.mark.parametrize("wrong", [None, *WRONG])
@pytest.mark.parametrize("like", ["rnn", "lstm", "gru", "gru_2014"])
def test_a_wrong_derivative_is_caught(like, wrong):
    """A known cell but for the derivative of its tanh, wrong by a millionth even: every comparison sees it."""
    own_tanh = primitive(lambda a: np.tanh(a))
    rule = WRONG.get(wrong, lambda g, ans: g * (1 - ans**2))
    defvjp(own_tanh, lambda ans, a: lambda g: rule(g, ans))
    known = CELLS[like]
    replaced = {
        "rnn": {"h": lambda a: own_tanh(a)},
        "lstm": {"g": lambda a: own_tanh(a)},
        "gru": {"n": lambda x_n, r, u_n: own_tanh(x_n + r * u_n)},
        "gru_2014": {"n": lambda a: own_tanh(a)},
    }[like]
    equations = dict(known.equations) | replaced
    made = register(cell("wrong", known.gates, equations, known.states, multiplied=known.multiplied))
    try:
        parameters, x, initial = network(like, T=12)
        gradient = output_gradient("last", 12, 3, 4)
        recording = record_with("wrong", parameters, x, gradient, initial)
        expected = oracle.bptt(like, as_dict(parameters), x, gradient, initial["h"], initial.get("c"))
        assert_close(recording.h, expected["h"])

        def against_the_oracle():
            assert_close(recording.dh, expected["dh"], per_step=True)

        checks = [
            against_the_oracle,
            lambda: networks.check_finite_differences("wrong"),
            lambda: networks.check_finite_differences_of_each_state("wrong"),
        ]
        for comparison in checks:
            if wrong is None:
                comparison()
            else:
                with pytest.raises(AssertionError):
                    comparison()
    finally:
        del CELLS[made.name]


def test_relu_at_infinity():
    a = np.array([-np.inf, -1.0, -0.0, 0.0, 2.0, np.inf, np.nan])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(relu(a), [0, 0, 0, 0, 2, np.inf, np.nan])
        slope = autograd.elementwise_grad(relu)(a[:-1])
    np.testing.assert_array_equal(slope, [0, 0, 0, 0, 1, 1])
