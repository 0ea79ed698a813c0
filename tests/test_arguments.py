"""Every public function and class: whatever it is given for a parameter, it takes as documented, or says what is wrong.

The table names all of them; a new one without an entry fails.
"""

import inspect
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import rnnviz
from rnnviz import (
    BOUNDS,
    Config,
    Network,
    NetworkConfig,
    NetworkTrainConfig,
    Parameters,
    TrainConfig,
    Training,
    checks,
    cliff,
    figures,
    from_keras,
    from_pytorch,
    record,
    record_many,
    record_with,
    sources,
    stacked,
    to_pytorch,
)
from rnnviz.engine import anatomy, optimise
from rnnviz.networks import train

clip, inside, recording = (import_module(f"rnnviz.engine.{name}") for name in ("clip", "inside", "record"))
MODULES = (rnnviz, recording, anatomy, inside, clip, train, optimise, cliff, checks, sources, figures)

RESULTS = {
    "Recording",
    "Paths",
    "Inside",
    "Clipped",
    "Stop",
    "First",
    "Surface",
    "Descent",
    "Equilibria",
    "Result",
    "Batch",
    "Motions",
    "OneHot",
    "Standardised",
    "Table",
    "Task",
    "Trace",
}
"""What functions return: a caller makes none of them."""

ANYTHING = {
    "None": None,
    "True": True,
    "text": "no such thing",
    "no text": "",
    "bytes": b"1",
    "no list": [],
    "dict": {},
    "object": object(),
    "class": int,
    "texts": ["1.5", "2"],
    "ragged": [[1.0], [1.0, 2.0]],
    "list": [1.0, 2.0],
    "NaN": np.nan,
    "infinity": np.inf,
    "-infinity": -np.inf,
    "-1": -1,
    "0": 0,
    "1": 1,
    "0.5": 0.5,
    "huge": 10**400,
    "-huge": -(10**400),
    "complex": 1j,
    "vector": np.array([0.25, 0.5]),
    "matrix": np.ones((2, 3)),
    "cube": np.ones((2, 3, 4)),
    "four axes": np.ones((2, 2, 2, 2)),
    "empty": np.zeros((0, 3)),
    "array of objects": np.array([["1.5", "2"]], object),
    "array of texts": np.array(["1", "2"]),
    "dates": np.array(["2020-01-01"], "M8[D]"),
    "column of texts": pd.Series(["1.5", "2"]),
    "column of mixed values": pd.Series([1.5, "2"]),
    "frame": pd.DataFrame({"a": ["1.5"], "b": ["2"]}),
    "another Config": Config("rnn", steps=3, hidden_size=2),
    "a TrainConfig": TrainConfig(),
    "an ensemble": record_many([Config("lstm", steps=4, hidden_size=2)] * 2),
    "a batch": record(Config("lstm", steps=4, hidden_size=2, batch_size=3)),
    "some Parameters": Parameters(1, [2], "3", None),
}


def spoilt(right):
    """An array as it should be, but for one thing."""
    holed, endless = right.astype(float), right.astype(float)
    holed.flat[-1], endless.flat[-1] = np.nan, np.inf
    mask = np.zeros(right.shape, bool)
    mask.flat[-1] = True
    return {
        "NaN in it": holed,
        "infinity in it": endless,
        "masked": np.ma.masked_array(right, mask),
        "objects": right.astype(object),
        "as texts": right.astype(str),
        "as complex": right * (1 + 1j),
        "an axis more": right[..., None],
        "an axis less": right[0],
        "longer": np.concatenate([right, right]),
        "none": right[:0],
        "as a list": right.tolist(),
        "negative": -right - 1,
    }


def public():
    """Name -> function, class or method, of everything in those modules that is not private."""
    found = {}
    for module in MODULES:
        defined = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", defined):
            thing = getattr(module, name)
            if name.startswith("_") or not callable(thing):
                continue
            if name not in RESULTS:
                found[name] = thing
            if inspect.isclass(thing):
                found |= {
                    f"{name}.{own}": getattr(thing, own)
                    for own, how in vars(thing).items()
                    if not own.startswith("_") and isinstance(how, classmethod | staticmethod | type(public))
                }
    return found


CONFIG = Config("lstm", steps=4, hidden_size=2)
TRAINED = TrainConfig(cell="rnn", hidden_size=2, length=10, networks=2, sequences=2, updates=10)
RECORDING = record(CONFIG)
X, Y, GRADIENT = np.full((4, 1, 3), 0.5), np.full((1, 2), 0.25), np.full((4, 1, 2), 0.5)
LSTM = Parameters(np.full((3, 8), 0.1), np.full((2, 8), 0.1), np.zeros(8), np.zeros(8))
WEIGHTS = Training(TRAINED).weights
FLAT = np.array([[0.5, -0.25, 3.0], [0.125, 1.0, -2.0]])
ORDER = sources.task("order_2")
BATCH = ORDER.draw(np.random.default_rng(0), 2)
TABLE = sources.read_csv(b"a,b\n1,2\n3,4\n")
STACK = stacked("lstm", 3, [2, 2])
STACKED = record(NetworkConfig("lstm", steps=4, hidden_size=2)).parameters
STATE = to_pytorch(STACK, STACKED)
UPDATED = dict(weights=FLAT.copy(), gradient=FLAT.copy(), rate=0.1)

NUMBER = {"-1", "0", "1", "0.5"}
REAL = {"as a list", "negative"}
"""A list and other signs are numbers as well."""

PAIRS = {"list", "vector", *REAL}
NOT_FINITE = {"NaN in it", "infinity in it"}
UNUSED = set(ANYTHING)

ENTRIES = {
    # name: (call, right arguments, parameter -> what else it takes)
    "record": (
        record,
        dict(config=CONFIG, inputs=X, targets=Y),
        {"config": {"another Config"}, "inputs": {"None", *REAL, "longer"}, "targets": {"None", *REAL}},
    ),
    "record_many": (
        record_many,
        dict(configs=[CONFIG], inputs=X, targets=Y),
        {"inputs": {"None", *REAL, "longer"}, "targets": {"None", *REAL}},
    ),
    "record_each": (
        recording.record_each,
        dict(configs=[CONFIG], inputs=X),
        {"inputs": {"None", *REAL, "longer", "cube"}},
    ),
    "Recording.network": (
        record_many([CONFIG] * 2).network,
        dict(k=0, config=None),
        {"k": {"0", "1"}, "config": {"None", "another Config"}},
    ),
    "Trace.one": (record_many([NetworkConfig(steps=3, hidden_size=2)] * 2).one, dict(k=0), {"k": {"0", "1"}}),
    "record_with": (
        record_with,
        dict(cell="lstm", parameters=LSTM, inputs=X, output_gradient=GRADIENT, initial_state={"h": Y}),
        {"inputs": REAL, "output_gradient": REAL, "initial_state": {"None", "dict"}},
    ),
    "record_with a network": (
        record_with,
        dict(
            cell=STACK,
            parameters={"layer 1": LSTM, "layer 2": STACKED["layer 2"]},
            inputs=X,
            output_gradient=GRADIENT,
            initial_state=None,
        ),
        {"inputs": REAL, "output_gradient": REAL, "initial_state": {"None"}},
    ),
    "stacked": (
        stacked,
        dict(
            cell="lstm",
            inputs=3,
            widths=[2],
            both=False,
            skip=False,
            norm=False,
            dropout=0.5,
            once=False,
            places="between",
            noise=0.5,
            outputs=None,
            seeds=(0,),
        ),
        {
            "inputs": {"1", "huge"},
            "widths": {"bytes"},
            "both": {"True"},
            "skip": {"True"},
            "norm": {"True"},
            "dropout": {"0", "0.5"},
            "once": {"True"},
            "noise": {"0", "0.5"},
            "outputs": {"None"},
            "seeds": {"bytes"},
        },
    ),
    "Network": (Network, dict(nodes=STACK.nodes), {}),
    "Network.widths": (STACK.widths, dict(input_size=3), {"input_size": {"1", "huge"}}),
    "Network.shapes": (STACK.shapes, dict(input_size=3), {"input_size": {"1", "huge"}}),
    "Network.counts": (STACK.counts, dict(input_size=3), {"input_size": {"1", "huge"}}),
    "Recording.gradient": (RECORDING.gradient, dict(state="c"), {}),
    "from_pytorch": (
        from_pytorch,
        dict(cell="lstm", state=STATE, dropout=0.0, seeds=(0,)),
        {"dropout": {"0", "0.5"}, "seeds": {"bytes"}},
    ),
    "from_keras": (
        from_keras,
        dict(cell="lstm", layers=[[np.ones((3, 8)), np.ones((2, 8)), np.ones(8)]], dropout=0.0, once=False, seeds=(0,)),
        {"dropout": {"0", "0.5"}, "once": {"True"}, "seeds": {"bytes"}},
    ),
    "to_pytorch": (to_pytorch, dict(network=STACK, parameters=STACKED), {}),
    "inputs_of": (recording.inputs_of, dict(config=CONFIG), {"config": {"another Config"}}),
    "checked_inputs": (recording.checked_inputs, dict(inputs=X), {"inputs": {"cube", *REAL, "longer"}}),
    "Parameters.from_pytorch": (
        Parameters.from_pytorch,
        dict(cell="lstm", weight_ih=np.ones((8, 3)), weight_hh=np.ones((8, 2)), bias_ih=np.ones(8), bias_hh=np.ones(8)),
        {"weight_ih": REAL, "weight_hh": REAL, "bias_ih": {"None", *REAL}, "bias_hh": {"None", *REAL}},
    ),
    "Parameters.from_keras": (
        Parameters.from_keras,
        dict(cell="gru", kernel=np.ones((3, 6)), recurrent_kernel=np.ones((2, 6)), bias=np.ones((2, 6))),
        {"kernel": {*REAL, "longer"}, "recurrent_kernel": REAL, "bias": {"None", *REAL}},
    ),
    "Parameters.stack": (Parameters.stack, dict(members=[LSTM, LSTM]), {}),
    "Parameters.checked": (LSTM.checked, dict(cell="lstm", input_size=3), {}),
    "Parameters.gate": (LSTM.gate, dict(cell="lstm", name="f"), {}),
    "Training": (Training, dict(config=TRAINED, initial=WEIGHTS), {"initial": {"None"}}),
    "Training.rewind": (Training(TRAINED).rewind, {}, {}),
    "Training.update": (lambda: Training(TRAINED).update(), {}, {}),
    "Training.solved": (Training(TRAINED).solved, {}, {}),
    "Training.probe": (
        Training(TRAINED).probe,
        dict(network=0, initial=False, sequence=0),
        {"network": {"0", "1"}, "initial": {"True"}, "sequence": {"0", "1"}},
    ),
    "advance": (
        train.advance,
        dict(trainings=[Training(TRAINED)], seconds=0.0),
        {"seconds": {"0", "1", "0.5", "infinity"}},
    ),
    "TrainConfig.members": (TRAINED.members, {}, {}),
    "within_reach": (anatomy.within_reach, dict(config=CONFIG), {"config": {"another Config"}}),
    "step_jacobians": (anatomy.step_jacobians, dict(recording=RECORDING), {}),
    "products": (
        anatomy.products,
        dict(recording=RECORDING, steps=np.array([4, 1])),
        {"steps": {"as a list", "longer"}},
    ),
    "lyapunov": (anatomy.lyapunov, dict(jacobians=np.ones((3, 2, 2)) + np.eye(2)), {"jacobians": {*REAL, "longer"}}),
    "paths": (anatomy.paths, dict(recording=RECORDING), {}),
    "inside": (inside.inside, dict(recording=RECORDING, unit=1), {"unit": {"1"}}),
    "influence": (anatomy.influence, dict(recording=RECORDING, reach=2), {"reach": {"1", "huge"}}),
    "rounded": (anatomy.rounded, dict(recording=RECORDING, names=("float16",)), {}),
    "phase": (
        anatomy.phase,
        dict(config=CONFIG, field="gain", values=np.array([0.5, 1.0]), inputs=X),
        {
            "config": {"another Config"},
            "values": {"list", "vector", "as a list", "longer"},
            "inputs": {"None", "cube", *REAL, "longer"},
        },
    ),
    "clip": (
        clip.clip,
        dict(gradient=FLAT, method="parameter", threshold=1.0, blocks=(slice(0, 1), slice(1, 3)), nonfinite="skip"),
        {"gradient": {*REAL, "matrix", "longer", *NOT_FINITE}, "threshold": {"1", "0.5", "infinity", "list", "vector"}},
    ),
    "norm": (clip.norm, dict(gradient=FLAT), {"gradient": {*REAL, "matrix", "longer", *NOT_FINITE}}),
    **{
        name: (getattr(optimise, name), dict(weights=FLAT), {"weights": {"matrix", "longer", "negative", *NOT_FINITE}})
        for name in ("SGD", "Momentum", "RMSProp", "Adam")
    },
    **{
        f"{name}.step": (
            getattr(optimise, name)(FLAT.copy()).step,
            UPDATED,
            {
                "weights": {"negative", "matrix", *NOT_FINITE},
                "gradient": {"negative", "matrix", *NOT_FINITE},
                "rate": {"0", "1", "0.5"},
            },
        )
        for name in ("SGD", "Momentum", "RMSProp", "Adam")
    },
    "error": (cliff.error, dict(w=np.array([5.0, 4.0]), b=np.array([-2.0, -1.0])), {"w": PAIRS, "b": PAIRS}),
    "gradient": (cliff.gradient, dict(w=np.array([5.0, 4.0]), b=np.array([-2.0, -1.0])), {"w": PAIRS, "b": PAIRS}),
    "surface": (cliff.surface, dict(points=5), {}),
    "wall": (
        cliff.wall,
        dict(w=np.array([5.0, 4.0])),
        {
            "w": {
                *NUMBER,
                "True",
                "list",
                "no list",
                "vector",
                "matrix",
                "cube",
                "four axes",
                "empty",
                *REAL,
                "longer",
                "an axis more",
                "an axis less",
                "none",
            }
        },
    ),
    "wall_error": (cliff.wall_error, dict(w=np.array([5.0, 4.0])), {"w": {"list", "vector", *REAL, "longer"}}),
    "equilibria": (cliff.equilibria, dict(w=5.0, points=5), {"w": NUMBER}),
    "folds": (cliff.folds, dict(w=5.0), {"w": NUMBER}),
    "descend": (
        cliff.descend,
        dict(w=5.0, b=-2.5, rate=0.1, threshold=0.5, updates=2),
        {"w": NUMBER, "b": NUMBER, "rate": {"1", "0.5"}, "threshold": {"1", "0.5"}, "updates": {"1"}},
    ),
    "descend_many": (
        cliff.descend_many,
        dict(
            w=np.array([5.0, 4.0]),
            b=np.array([-2.0, -1.0]),
            rate=np.array([0.1, 0.2]),
            threshold=np.array([0.1, 0.2]),
            updates=2,
        ),
        {"w": PAIRS, "b": PAIRS, "rate": PAIRS - {"negative"}, "threshold": PAIRS - {"negative"}, "updates": {"1"}},
    ),
    "check": (checks.check, dict(recording=RECORDING), {"recording": {"a batch"}}),
    "signal": (
        sources.signal,
        dict(kind="sine", steps=5, channels=2, period=4, bits="1", seed=0),
        {"steps": {"1"}, "channels": {"1"}, "bits": UNUSED, "seed": UNUSED},
    ),
    "one_hot": (sources.one_hot, dict(text="abcab", steps=3), {"text": {"text"}, "steps": {"None", "huge"}}),
    "Series": (
        sources.Series,
        dict(name="s", unit="", values=np.array([1.0, 2.0]), labels=None, source="", notes=()),
        {n: UNUSED for n in ("name", "unit", "labels", "source", "notes")}
        | {"values": {"list", "vector", *REAL, "longer", *NOT_FINITE}},
    ),
    "standardise": (sources.standardise, dict(values=np.array([1.0, 2.0])), {"values": {*PAIRS, "longer"}}),
    "sunspots": (sources.sunspots, {}, {}),
    "read_csv": (sources.read_csv, dict(raw=b"a,b\n1,2\n3,4\n"), {}),
    "Table.series": (TABLE.series, dict(column="a"), {}),
    "task": (
        sources.task,
        dict(name="text", length=10, text="", validation=0.25, labels="true"),
        {"length": {"None"}, "text": {"no text"}, "validation": {"0", "0.5"}},
    ),
    "Task.part": (sources.task("motions").part, dict(name="training", most=3), {"most": {"1"}}),
    "basic_motions": (sources.basic_motions, {}, {}),
    "decay": (
        optimise.decay,
        dict(weights=FLAT.copy(), rate=0.1, amount=0.1),
        {
            "weights": {"negative", "matrix", "longer", *NOT_FINITE},
            "rate": {"0", "1", "0.5"},
            "amount": {"0", "1", "0.5"},
        },
    ),
    "Task.draw": (
        ORDER.draw,
        dict(rng=np.random.default_rng(0), batch=2, held_out=False),
        {"batch": {"1"}, "held_out": {"True"}},
    ),
    "gradient_flow": (
        figures.gradient_flow,
        dict(
            recordings={"LSTM": RECORDING},
            steps=None,
            window="near",
            cell_state=True,
            bound=False,
            slope=False,
            formats=("float16",),
            height=400,
        ),
        {
            "recordings": {"dict"},
            "steps": {"None", "1"},
            "formats": {"no list"},
            "cell_state": {"True"},
            "bound": {"True"},
            "slope": {"True"},
            "height": {"1", "huge"},
        },
    ),
    "step_shares": (
        figures.step_shares,
        dict(recordings={"LSTM": RECORDING}, steps=None, parameter="U"),
        {"recordings": {"dict"}, "steps": {"None", "1"}},
    ),
    "cell_heatmaps": (
        figures.cell_heatmaps,
        dict(recording=RECORDING, batch=0, label=""),
        {"recording": {"a batch"}, "batch": {"0"}, "label": {"text", "no text"}},
    ),
    "wiring": (figures.wiring, dict(cell=RECORDING.cell), {}),
    "right": (
        sources.right,
        dict(task=ORDER, batch=BATCH, output=np.zeros((1, 2, 4))),
        {"output": {*REAL, *NOT_FINITE}},
    ),
}
FIELDS = {kind.__name__: kind for kind in (Config, NetworkConfig, TrainConfig, NetworkTrainConfig, Parameters)}
"""Whose parameters are their fields."""

DISAGREE = {
    ("record", "inputs"): ("targets",),
    ("record_many", "inputs"): ("targets",),
    ("record_with", "inputs"): ("W", "output_gradient"),
    ("record_with", "parameters"): ("U",),
    ("from_keras", "layers"): ("kernel", "recurrent_kernel", "bias"),
    ("record_with a network", "inputs"): ("W", "output_gradient"),
    ("Parameters.checked", "input_size"): ("W",),
    ("Training", "config"): ("initial",),
    ("phase", "values"): ("gain",),
    ("error", "w"): ("b",),
    ("gradient", "w"): ("b",),
    ("descend_many", "w"): ("b",),
}
"""What is right by itself, but not with another argument: that one may be named."""


def outcome(call, arguments):
    """None if the call takes them; the text of the ValueError if it does not."""
    try:
        call(**arguments)
    except ValueError as error:
        return str(error)
    return None


def assert_said(text, names, where):
    assert text is not None, f"{where} is taken"
    assert " must " in text and " Got " in text and any(f"'{name}'" in text for name in names), f"{where}: {text}"


def test_every_public_name_has_an_entry():
    named = public()
    assert {name.split(" ")[0] for name in (*ENTRIES, *FIELDS)} == set(named)
    for name, (_, right, takes) in ENTRIES.items():
        of = inspect.signature(named[name.split(" ")[0]])
        assert list(right) == [p for p in of.parameters if p != "self"], name
        assert set(takes) <= set(right), name
    labels = set().union(*(kinds for _, _, takes in ENTRIES.values() for kinds in takes.values()))
    assert labels <= {*ANYTHING, *spoilt(FLAT)}


@pytest.mark.parametrize(
    "name, parameter", [(name, p) for name, (_, right, _) in ENTRIES.items() for p in (None, *right)]
)
def test_what_is_taken_and_what_is_refused(name, parameter):
    call, right, takes = ENTRIES[name]
    if parameter is None:
        assert outcome(call, right) is None
        return
    like_it = spoilt(right[parameter]) if isinstance(right[parameter], np.ndarray) else {}
    for label, value in (ANYTHING | like_it).items():
        text, where = outcome(call, right | {parameter: value}), f"{name}({parameter}={label})"
        if label in takes.get(parameter, ()):
            assert text is None, f"{where}: {text}"
        elif (name, label) != ("read_csv", "bytes"):  # what is wrong with a file is said of its rows
            assert_said(text, (parameter, *DISAGREE.get((name, parameter), ())), where)


@pytest.mark.parametrize("kind", [Config, NetworkConfig, TrainConfig, NetworkTrainConfig])
def test_fields_of_configurations(kind):
    for name in kind.__dataclass_fields__:
        for label, value in ANYTHING.items():
            text = outcome(kind, {name: value})
            taken = name != "cell" and BOUNDS[name].accepts(value)
            if taken and (name != "length" or value >= sources.LENGTHS[TrainConfig.task][0]):
                assert text is None, f"{kind.__name__}({name}={label}): {text}"
            else:
                assert_said(text, (name,), f"{kind.__name__}({name}={label})")


@pytest.mark.parametrize("name", ["W", "U", "b", "b_rec"])
def test_parameters_hold_anything_and_are_checked_when_they_are_used(name):
    weights = vars(LSTM)
    for label, value in (ANYTHING | spoilt(weights[name])).items():
        own = Parameters(**weights | {name: value})
        assert str(own).startswith("Parameters\n")
        text = outcome(record_with, dict(cell="lstm", parameters=own, inputs=X, output_gradient=GRADIENT))
        if label in REAL:
            assert text is None, f"{label}: {text}"
        else:
            assert_said(text, (name, "hidden_size", "W"), f"{name}={label}")


def test_a_length_is_held_against_the_task_at_once():
    for task, (low, _, high) in sources.LENGTHS.items():
        for length in (low, high):
            assert TrainConfig(task=task, length=length).length == length
        for length in (low - 1, high + 1):
            text = outcome(TrainConfig, {"task": task, "length": length})
            assert_said(text, ("length",), f"{task}, {length}")


def test_what_is_cut_keeps_its_bracket():
    for value, end in ((list(range(1000)), "...]"), (tuple(range(1000)), "...)"), ({"a": "b" * 100}, "...}")):
        text = outcome(Config, {"cell": value})
        assert f"{end} instead" in text and len(text) < 300


def test_figures_of_what_is_no_dict_of_recordings():
    trace = record(NetworkConfig("lstm", steps=4, hidden_size=2))
    for figure in (figures.gradient_flow, figures.step_shares):
        for wrong in (RECORDING, [RECORDING], {"a": 1}, {"a": trace}, trace):
            text = outcome(figure, {"recordings": wrong})
            assert_said(text, ("recordings",), type(wrong).__name__)
            assert "a dict of labels and Recordings" in text
        assert "a Trace has one, its .recordings" in outcome(figure, {"recordings": {"a": trace}})
        assert outcome(figure, {"recordings": trace.recordings}) is None
        assert "network(k)" in outcome(figure, {"recordings": {"a": record_many([CONFIG] * 2)}})
