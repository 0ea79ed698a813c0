"""What the engine refuses, and that it says what, what is allowed, and what it got."""

import re
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from networks import network
from tensors import Tensor

from rnnviz import (
    BOUNDS,
    CELLS,
    Config,
    NetworkConfig,
    NetworkTrainConfig,
    Parameters,
    TrainConfig,
    Training,
    record,
    record_many,
    record_with,
)
from rnnviz.config import Choice, Number, Text
from rnnviz.engine import anatomy

NUMBERS = [name for name, bound in BOUNDS.items() if isinstance(bound, Number)]
CHOICES = [name for name, bound in BOUNDS.items() if isinstance(bound, Choice)]
TEXTS = [name for name, bound in BOUNDS.items() if isinstance(bound, Text)]
FORM = re.compile(r"The '.+' parameter must .+\. Got .+ instead(\.|: .+)", re.DOTALL)  # some go on: what to do about it


def refused(name, function, *parts):
    """Assert that function() raises a ValueError of the one form, about that parameter, with those parts in it."""
    with pytest.raises(ValueError) as caught:
        function()
    text = str(caught.value)
    assert FORM.fullmatch(text) and text.startswith(f"The {name!r} parameter must "), text
    for part in parts:
        assert str(part) in text, text


# ---- Config ----------------------------------------------------------------------------------


def config(name):
    """The configuration that has a field of that name."""
    kinds = Config, NetworkConfig, TrainConfig, NetworkTrainConfig
    return next(kind for kind in kinds if name in kind.__dataclass_fields__)


def made(name, value):
    """The configuration with that value; one length alone is within the bounds of the task "copy" only."""
    return config(name)(**{name: value} | ({"task": "copy"} if name == "length" and value == 1 else {}))


def test_every_field_has_its_bounds():
    names = {f.name for kind in (NetworkConfig, NetworkTrainConfig) for f in fields(kind)}
    assert names == {"cell", *BOUNDS}
    assert sorted([*NUMBERS, *CHOICES, *TEXTS, "widths"]) == sorted(BOUNDS)
    assert all(bound.accepts(bound.default) for bound in BOUNDS.values())
    for name in BOUNDS:
        assert getattr(config(name)(), name) == BOUNDS[name].default


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    bound = BOUNDS[name]
    kind = int if bound.whole else float
    for end in (bound.low, bound.high):
        given = [end, float(end), np.float64(end), Fraction(end)]
        given += [int(end), np.int64(end)] if end == int(end) else []
        for value in given:
            stored = getattr(made(name, value), name)
            assert stored == end and type(stored) is kind
        assert len({made(name, value) for value in given}) == 1  # equal, and the same key of a cache
    nearly = 1 if bound.whole else abs(bound.high) * 1e-12
    outside = [bound.low - nearly, bound.high + nearly, np.nextafter(bound.high, np.inf), 10**400, -(10**400)]
    outside += [np.nan, np.inf, -np.inf, np.float64("nan")]
    wrong = [
        True,
        False,
        np.True_,
        None,
        str(bound.high),
        "",
        b"1",
        [bound.high],
        (bound.high,),
        {},
        object(),
        complex(bound.high),
        np.complex128(bound.high),
        np.array([bound.high]),
        np.array([bound.low, bound.high]),
    ]
    fractional = [bound.low + 0.5, np.float32(bound.low + 0.5), Fraction(7, 2) + int(bound.low)] if bound.whole else []
    for value in outside + wrong + fractional:
        refused(name, lambda value=value: config(name)(**{name: value}), bound.allowed, repr(value)[:60])
    for part in (f"{bound.low:g}", f"{bound.high:g}", "whole" if bound.whole else "a number"):
        assert part in bound.allowed


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name):
    for option in BOUNDS[name].options:
        assert getattr(config(name)(**{name: option}), name) == option
        assert repr(option) in BOUNDS[name].allowed
    for value in ("", "none of these", BOUNDS[name].default.upper(), None, 0, True, ["last"], np.nan, {}):
        refused(name, lambda value=value: config(name)(**{name: value}), BOUNDS[name].allowed, repr(value))


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name):
    longest = BOUNDS[name].longest
    assert len(getattr(config(name)(**{name: "1" * longest}), name)) == longest
    for value in ("1" * (longest + 1), None, 0, 1011, b"1011", ["1", "0"], True, np.nan):
        refused(name, lambda value=value: config(name)(**{name: value}), BOUNDS[name].allowed, repr(value)[:60])


def test_cells():
    for cell in CELLS:
        assert Config(cell).cell == cell
    for value in ("", "LSTM", "lstm ", None, 0, True, ["lstm"], {}, CELLS["lstm"]):
        refused("cell", lambda value=value: Config(value), "'lstm'", "'gru_2014'", repr(value)[:60])


def test_a_configuration_cannot_be_changed_and_is_checked_when_replaced():
    with pytest.raises(AttributeError):
        Config().gain = 2.0
    refused("gain", lambda: replace(Config(), gain=5.0), 5.0)


def test_clamp():
    for bound in (BOUNDS[name] for name in NUMBERS):
        for value in (bound.low - 7, bound.low, bound.high, bound.high + 7, bound.low + 0.4, -1e300, 1e300):
            clamped = bound.clamp(value)
            assert bound.accepts(clamped) and type(clamped) is (int if bound.whole else float)
            if bound.accepts(value):
                assert clamped == value


# ---- record and record_many ------------------------------------------------------------------

BAD_INPUTS = [
    (np.zeros((5, 2)), "(T, B, D)", "(5, 2)"),
    (np.zeros((5, 2, 1, 1)), "(T, B, D)", "(5, 2, 1, 1)"),
    (7.0, "(T, B, D)", "()"),
    ("text", "numbers", "str"),
    ([[["a"]], [["b"]]], "numbers", "list"),
    (np.array([[["1"]], [["2"]]]), "numbers", "ndarray"),
    ([[[1.0]], [[1.0, 2.0]]], "numbers", "list"),
    (np.ones((5, 2, 1)) * 1j, "numbers", "ndarray"),
    ([[[10**400]], [[1]]], "numbers", "list"),
    (np.array([[[None]], [[{}]]]), "numbers", "ndarray"),
    (np.where(np.arange(10) == 7, np.nan, 0.0).reshape(5, 2, 1), "finite", "nan at (3, 1, 0)"),
    (np.where(np.arange(10) == 7, -np.inf, 0.0).reshape(5, 2, 1), "finite", "-inf at (3, 1, 0)"),
]


@pytest.mark.parametrize("value, allowed, got", BAD_INPUTS, ids=[f"{a[1]} {a[2]}" for a in BAD_INPUTS])
def test_inputs(value, allowed, got):
    config = Config("rnn", hidden_size=3)
    parameters = Parameters(np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3), np.zeros(3))
    refused("inputs", lambda: record(config, inputs=value), allowed, got)
    refused("inputs", lambda: record_many([config] * 2, inputs=value), allowed, got)
    refused("inputs", lambda: record_with("rnn", parameters, value, np.zeros((5, 2, 3))), allowed, got)


@pytest.mark.parametrize("shape", [(0, 1, 1), (5, 0, 1), (5, 1, 0)])
def test_inputs_without_a_number(shape):
    for function in (
        lambda x: record(Config(), x),
        lambda x: record_many([Config()], x),
        lambda x: record_with("rnn", network("rnn")[0], x, x),
    ):
        refused("inputs", lambda function=function: function(np.zeros(shape)), "(T, B, D)", "no axis may be empty")


@pytest.mark.parametrize(
    "shape, loss",
    [
        ((2, 3), "last"),
        ((3, 2), "last"),
        ((1, 2, 4), "last"),
        ((5, 2, 4), "last"),
        ((5, 2, 4), "one"),
        ((4, 2, 4), "every"),
        ((2, 5), "every"),
        ((), "every"),
    ],
)
def test_targets_of_the_wrong_shape(shape, loss):
    config, x = Config(hidden_size=4, loss=loss, loss_step=2), np.zeros((5, 2, 1))
    expected = (5, 2, 4) if len(shape) == 3 and loss == "every" else (2, 4)
    refused("targets", lambda: record(config, x, np.zeros(shape)), expected, shape)
    refused("targets", lambda: record_many([config], x, np.zeros(shape)), expected, shape)


def test_targets_that_are_not_finite_numbers():
    config, x = Config(hidden_size=1), np.zeros((5, 1, 1))
    for value, part in ((np.nan, "nan at (0, 0)"), (np.inf, "inf at (0, 0)"), ("a", "list"), (1j, "list")):
        refused("targets", lambda value=value: record(config, x, [[value]]), part)
    refused("targets", lambda: record(config, x, [[1.0], [1.0, 2.0]]), "list")


def test_loss_step_after_the_last_step():
    config = Config(steps=10, hidden_size=2, loss="one", loss_step=11)
    for function in (lambda: record(config), lambda: record_many([config])):
        refused("loss_step", function, "from 1 to", "10", "11")
    assert record(replace(config, loss_step=10)).output_gradient[9].any()
    assert record(replace(config, loss="last")).steps == 10  # the field counts for that loss alone
    refused("loss_step", lambda: record(replace(config, steps=50), np.zeros((4, 1, 1))), "4", "11")
    refused("loss_step", lambda: record(Config(input="text", text="abcd", loss="one", loss_step=5)), "4", "5")


def test_bits_and_texts_that_cannot_be_inputs():
    for bits in ("", "102", "one"):
        refused("bits", lambda bits=bits: record(Config(input="bits", bits=bits)), repr(bits))
    refused("text", lambda: record(Config(input="text", text="a")), "'a'")
    refused("text", lambda: record(Config(input="text", text="".join(map(chr, range(200, 300))))), "64")


def test_configurations_that_are_no_ensemble():
    refused("configs", lambda: record_many([]), "at least one", "[]")
    others = {
        "cell": "gru",
        "steps": 9,
        "batch_size": 2,
        "input_size": 3,
        "hidden_size": 5,
        "input": "sine",
        "period": 4,
        "bits": "1",
        "text": "ab",
        "loss": "every",
        "loss_step": 3,
    }
    free = {f.name for f in fields(Config)} - set(others)
    assert free == {"gain", "init", "input_scale", "forget_bias", "update_bias", "seed"}
    for name, value in others.items():
        different = [Config(), replace(Config(), **{name: value})]
        refused("configs", lambda configs=different: record_many(configs), *free, "2 kinds")
    many = record_many(Config(steps=3, hidden_size=2, gain=g) for g in (0.5, 1.0))  # any iterable
    assert many.h.shape == (3, 2, 1, 2)


# ---- record_with -----------------------------------------------------------------------------


def arguments(cell, **changed):
    parameters, x, initial = network(cell)  # T, B, D, H = 6, 3, 2, 4
    weights = {n: changed.pop(n, getattr(parameters, n)) for n in ("W", "U", "b", "b_rec")}
    return {
        "cell": cell,
        "parameters": Parameters(**weights),
        "inputs": x,
        "output_gradient": np.zeros((6, 3, 4)),
        "initial_state": initial,
    } | changed


@pytest.mark.parametrize("cell", CELLS)
def test_arrays_of_the_wrong_shape(cell):
    record_with(**arguments(cell))
    G = len(CELLS[cell].gates)
    wrong = {"W": (3, 4 * G), "U": (4, 4 * G + 1), "b": (4 * G - 1,), "b_rec": (1, 4 * G), "output_gradient": (6, 4, 3)}
    right = {"W": (2, 4 * G), "U": (4, 4 * G), "b": (4 * G,), "b_rec": (4 * G,), "output_gradient": (6, 3, 4)}
    for name, shape in wrong.items():
        refused(name, lambda n=name, s=shape: record_with(**arguments(cell, **{n: np.zeros(s)})), right[name], shape)
        refused(name, lambda n=name: record_with(**arguments(cell, **{n: "no"})), "numbers", "str")
        holed = np.zeros(right[name])
        holed.flat[-1] = np.nan
        where = tuple(n - 1 for n in right[name])
        refused(name, lambda n=name, a=holed: record_with(**arguments(cell, **{n: a})), "finite", f"nan at {where}")
    for shape in ((4,), (1, 4, 4 * G), ()):
        refused("U", lambda s=shape: record_with(**arguments(cell, U=np.zeros(s))), "(H, G*H)", shape)
    for state in CELLS[cell].states:
        name = f"initial_state.{state}"
        for value, part in (
            (np.zeros(4), "(4,)"),
            (np.zeros((3, 3)), "(3, 3)"),
            ("no", "str"),
            (np.full((3, 4), np.inf), "inf at (0, 0)"),
        ):
            refused(name, lambda s=state, v=value: record_with(**arguments(cell, initial_state={s: v})), part)


@pytest.mark.parametrize("cell", CELLS)
def test_initial_states_there_are_not(cell):
    states = ", ".join(CELLS[cell].states)
    for value, part in (
        ({"x": np.zeros((3, 4))}, "['x']"),
        ({"h_prev": 0, 3: 1}, "['h_prev', 3]"),
        ("h", "'h'"),
        (np.zeros((3, 4)), "array"),
        ([np.zeros((3, 4))], "array"),
    ):
        refused("initial_state", lambda v=value: record_with(**arguments(cell, initial_state=v)), states, part)
    zero = record_with(**arguments(cell, initial_state=None)).h
    assert (record_with(**arguments(cell, initial_state={})).h == zero).all()
    if "c" not in CELLS[cell].states:
        refused("initial_state", lambda: record_with(**arguments(cell, initial_state={"c": np.zeros((3, 4))})), "['c']")


def test_no_units():
    none = Parameters(np.zeros((1, 0)), np.zeros((0, 0)), np.zeros(0), np.zeros(0))
    refused("U", lambda: record_with("rnn", none, np.zeros((2, 1, 1)), np.zeros((2, 1, 0))), "(H, G*H)", (0, 0))


def test_not_a_cell_and_not_parameters():
    for value in ("elman", None, ["rnn"], 3):
        refused("cell", lambda v=value: record_with(**(arguments("rnn") | {"cell": v})), "lstm", repr(value))
    for value in (None, {"W": 1}, "weights"):
        refused("parameters", lambda v=value: record_with(**(arguments("rnn") | {"parameters": v})), repr(value))


def test_arguments_are_left_as_they_were():
    for cell in CELLS:
        given = arguments(cell)
        arrays = [
            *vars(given["parameters"]).values(),
            given["inputs"],
            given["output_gradient"],
            *given["initial_state"].values(),
        ]
        before = [a.copy() for a in arrays]
        for array in arrays:
            array.flags.writeable = False
        record_with(**given)
        for array, copy in zip(arrays, before):
            np.testing.assert_array_equal(array, copy)


def test_lists_and_other_layouts_are_taken():
    for cell in ("rnn", "lstm", "gru", "gru_2014"):
        given = arguments(cell)
        fortran = Parameters(**{n: np.asfortranarray(a) for n, a in vars(given["parameters"]).items()})
        lists = Parameters(**{n: a.tolist() for n, a in vars(given["parameters"]).items()})
        expected = record_with(**given)
        for parameters in (fortran, lists):
            other = record_with(**(given | {"parameters": parameters, "inputs": given["inputs"].tolist()}))
            np.testing.assert_array_equal(other.h, expected.h)


# ---- arrays ----------------------------------------------------------------------------------


def test_masked_elements_are_not_numbers():
    x = np.ma.masked_array(np.ones((5, 1, 1)), np.zeros((5, 1, 1), bool))
    assert record(Config("rnn", hidden_size=2), x).steps == 5  # nothing is masked
    x[2] = np.ma.masked
    refused("inputs", lambda: record(Config("rnn", hidden_size=2), x), "numbers", "masked elements")


def test_text_that_looks_like_numbers_is_none():
    for value in (
        np.full((5, 1, 1), "1.5"),
        np.full((5, 1, 1), "1.5", object),
        pd.DataFrame({"a": ["1.5"] * 5}),
        pd.Series(["1.5"] * 5),
    ):
        refused("inputs", lambda v=value: record(Config("rnn", hidden_size=2), v), "numbers")
    values = pd.DataFrame({"a": [0.5, 1.5], "b": [0, 1]})
    assert record(Config("rnn", hidden_size=2, batch_size=2, steps=4), targets=values).steps == 4


def test_a_complaint_fits_in_a_line_whatever_it_is_about():
    class Secret:
        def __repr__(self):
            raise RuntimeError("no")

    for value in (Secret(), 10**5000, np.zeros((50, 50)), list(range(10_000)), record(Config(steps=3))):
        refused("config", lambda v=value: record(v), "a Config")
        with pytest.raises(ValueError) as caught:
            record(value)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 160


# ---- Parameters ------------------------------------------------------------------------------


def test_weights_from_elsewhere_for_cells_that_have_none():
    for cell in ("lstm_1997", "lstm_coupled"):
        W, U = np.zeros((2, 12)), np.zeros((3, 12))
        refused("cell", lambda c=cell, W=W, U=U: Parameters.from_pytorch(c, W.T, U.T), repr(cell), "i, f, g, o")
        refused("cell", lambda c=cell, W=W, U=U: Parameters.from_keras(c, W, U), repr(cell), "i, f, g, o")
    refused("cell", lambda: Parameters.from_keras("nothing", np.zeros((2, 12)), np.zeros((3, 12))), "nothing")
    refused("kernel", lambda: Parameters.from_keras("lstm", np.zeros((2, 13)), np.zeros((3, 12))), "(D, 12)", "(2, 13)")
    refused(
        "weight_hh",
        lambda: Parameters.from_pytorch("lstm", np.zeros((12, 2)), np.zeros((13, 3))),
        "(4*H, H)",
        "(13, 3)",
    )


@pytest.mark.parametrize("cell, gates", [("rnn", 1), ("lstm", 4), ("gru", 3)])
def test_tensors_that_require_a_gradient_are_taken(cell, gates):
    rng = np.random.default_rng(0)
    shapes = [(gates * 4, 2), (gates * 4, 4), (gates * 4,), (gates * 4,)]
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    plain, own = (Parameters.from_pytorch(cell, *map(kind, arrays)) for kind in (np.asarray, Tensor))
    for name in ("W", "U", "b", "b_rec"):
        np.testing.assert_array_equal(getattr(own, name), getattr(plain, name))
        assert getattr(own, name).dtype == np.float64
    x, loss, h = rng.normal(size=(5, 1, 2)), rng.normal(size=(5, 1, 4)), rng.normal(size=(1, 4))
    np.testing.assert_array_equal(
        record_with(cell, plain, Tensor(x), Tensor(loss), {"h": Tensor(h)}).dh,
        record_with(cell, plain, x, loss, {"h": h}).dh,
    )


def test_a_tensor_that_cannot_be_fetched_is_refused():
    class Half(Tensor):
        def detach(self):
            raise TypeError("Got unsupported ScalarType BFloat16")

    refused("weight_ih", lambda: Parameters.from_pytorch("rnn", Half(np.ones((4, 2))), np.ones((4, 4))), "Half")


@pytest.mark.parametrize("bias, cell", [((6,), "gru"), ((2, 6), "gru_2014")])
def test_a_keras_gru_is_told_from_the_other_by_its_bias(bias, cell):
    """reset_after=False has one bias and is another network; so is reset_after=True, with two, for gru_2014."""
    other = {"gru": "gru_2014", "gru_2014": "gru"}[cell]
    kernel, recurrent = np.ones((3, 6)), np.ones((2, 6))
    Parameters.from_keras(other, kernel, recurrent, np.ones(bias))
    refused(
        "bias",
        lambda: Parameters.from_keras(cell, kernel, recurrent, np.ones(bias)),
        bias,
        f"{other!r}",
        "reset_after",
        "another network",
    )
    refused("cell", lambda: Parameters.from_pytorch("gru_2014", kernel.T, recurrent.T), "'gru'", "'gru_2014'")


def test_a_cell_of_a_new_family_has_no_weights_elsewhere(monkeypatch):
    monkeypatch.setitem(CELLS, "novel", replace(CELLS["rnn"], name="novel", family="novel"))
    refused("cell", lambda: Parameters.from_keras("novel", np.ones((1, 1)), np.ones((1, 1))), "novel")


# ---- Training --------------------------------------------------------------------------------


SHORT = TrainConfig(cell="rnn", hidden_size=2, length=10, networks=2, sequences=2, updates=10)


def test_there_is_no_update_past_the_end():
    training = Training(SHORT)
    for _ in range(10):
        training.update()
    refused("updates", training.update, "above the 10 that are made", "rewind()")
    assert training.updates == 10 and len(training.history) == 10
    training.rewind()
    training.update()


def test_initial_weights_are_finite():
    for value, part in ((np.nan, "nan at (1, 3)"), (np.inf, "inf at (1, 3)"), (1e300, "inf at (1, 3)")):
        weights = Training(replace(SHORT, precision="float64")).weights
        weights.flat[1, 3] = value
        refused("initial", lambda w=weights: Training(SHORT, w), part)  # in float32, where 1e300 is infinite


def test_probes_of_networks_and_sequences_there_are():
    training = Training(SHORT)
    for name, value, high in (("network", 2, 1), ("network", -1, 1), ("sequence", 100, 99)):
        refused(name, lambda n=name, v=value: training.probe(**{n: v}), f"from 0 to {high}", value)


# ---- anatomy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["step_jacobians", "paths", "influence", "products", "rounded"])
def test_the_anatomy_is_of_one_network_and_one_sequence(function):
    more = {"products": ([1],), "influence": (2,)}.get(function, ())
    config = Config("lstm", steps=4, hidden_size=2)
    for recording in (record(replace(config, batch_size=3)), record_many([config] * 2), record_many([config])):
        refused("recording", lambda r=recording: getattr(anatomy, function)(r, *more), recording.h.shape, "(T, 1, H)")


def test_steps_formats_and_reaches_there_are():
    recording = record(Config("lstm", steps=4, hidden_size=2))
    for steps in ([-1], [5], [1.0], [[1]], [True], [], 1):
        refused("steps", lambda s=steps: anatomy.products(recording, s))
    for names in ("float8", ["float8"], "float16", (), [16]):
        refused("names", lambda n=names: anatomy.rounded(recording, n), "'float16', 'bfloat16'")
    for reach in (0, -1, 1.5, True):
        refused("reach", lambda r=reach: anatomy.influence(recording, r), "at least 1")
