"""Numbers and plurals in sentences, and that every sentence of every recording is well formed."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opened import opened

from rnnviz import CELLS, Config, TrainConfig, Training, cliff, explain, explain_anatomy, explain_cliff, record
from rnnviz import explain_training as training
from rnnviz.config import BOUNDS
from rnnviz.engine import anatomy
from rnnviz.papers import FIGURES
from rnnviz.ui import state
from rnnviz.wording import count, number, percent, shown

ILL_FORMED = re.compile(
    "|".join(
        (
            r"\bnan\b",
            r"\binf\b",
            r"\bNone\b(?! of)",
            "  ",  # what a program prints
            r"\d[eE][+-]?\d",  # its exponents
            "[-−+]{2,}",
            r"(?<![\w.])-\d",
            r"[-−]0(?!\.\d)",  # a doubled sign, a hyphen for a minus, minus nothing
            r"(?<![\d.,])1 (steps|updates|seeds|directions|eigenvalues|networks|units|gates)\b",
            r"(?<![\d.,])1 of [\d,]+ \w+ (grow|lie|solve|keep|make)\b",
        )
    )
)
"""What no sentence may hold."""


def well_formed(sentences):
    for sentence in sentences:
        found = ILL_FORMED.search(sentence)
        assert not found, f"{found[0]!r} in {sentence}"


@pytest.mark.parametrize(
    "log10, text",
    [
        (0, "1"),
        (-1.5, "0.0316"),
        (4, "10,000"),
        (-8, "1.0 · 10⁻⁸"),
        (7.5, "3.2 · 10⁷"),
        (-1000.3, "5.0 · 10⁻¹⁰⁰¹"),
        (-np.inf, "exactly 0"),
        (6.9999, "1.0 · 10⁷"),
        (2.9999, "1,000"),
        (5.9999999, "1,000,000"),
        (-2.9999, "0.001"),
        (np.inf, "infinite"),
        (np.nan, "not a number"),
    ],
)
def test_numbers(log10, text):
    assert number(log10) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-2.5, "−2.5"),
        (999.7, "1,000"),
        (-1e-8, "−1.0 · 10⁻⁸"),
        (1e300, "1.0 · 10³⁰⁰"),
        (-np.inf, "infinite"),
        (5e-324, "4.9 · 10⁻³²⁴"),
        (np.float32(0.3), "0.3"),
    ],
)
def test_shown(value, text):
    assert shown(value) == text


@pytest.mark.parametrize("value, text", [(100.0, "100"), (99.6, "100"), (750.0, "750"), (0.0123, "0.012")])
def test_two_digits(value, text):
    assert shown(value, 2) == text


@pytest.mark.parametrize(
    "value, text",
    [(18155.808, "18,155.808"), (-2.612296656, "−2.61229666"), (1 / 3, "0.333333333"), (1e-12, "1.0000000 · 10⁻¹²")],
)
def test_more_digits(value, text):
    assert shown(value, 9) == text


@pytest.mark.parametrize(
    "share, text",
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.997, "99.7 %"),
        (0.99999, "nearly 100 %"),
        (0.5, "50 %"),
        (1.5, "150 %"),
        (1e-9, "1.0 · 10⁻⁷ %"),
        (1 - 1e-15, "100 %"),
    ],
)
def test_percent(share, text):
    assert percent(share) == text


def test_counts():
    assert [count(n, "step") for n in (0, 1, 2, 1000)] == ["0 steps", "1 step", "2 steps", "1,000 steps"]


@given(st.floats(-1e5, 1e5))
def test_a_number_is_what_it_says(log10):
    """Read back, it is the number to the digits that are shown."""
    text = number(log10)
    well_formed([text])
    mantissa, _, power = text.replace(",", "").partition(" · 10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if power else 0
    assert abs(np.log10(float(mantissa)) + exponent - log10) < 0.023


configs = st.builds(
    Config,
    cell=st.sampled_from(sorted(CELLS)),
    hidden_size=st.integers(2, 6),
    steps=st.sampled_from([2, 3, 40]),
    gain=st.sampled_from([0.0, 0.01, 0.5, 1.0, 2.0, 4.0]),
    init=st.sampled_from(list(BOUNDS["init"].options)),
    input_scale=st.sampled_from([0.0, 0.3, 1.0, 5.0]),
    forget_bias=st.sampled_from([-10.0, 0.0, 1.0, 10.0]),
    update_bias=st.sampled_from([-10.0, 0.0, 10.0]),
    input=st.sampled_from(["noise", "impulse", "sine"]),
    loss=st.sampled_from(list(BOUNDS["loss"].options)),
    loss_step=st.integers(1, 2),
    seed=st.integers(0, 1000),
)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(configs)
def test_every_sentence_of_a_random_recording_is_well_formed(config):
    r = record(config)
    label, length = r.cell.title, r.steps
    others = {label: r} | {f"again {k}": record(Config("gru", steps=length, gain=k)) for k in (1.0, 4.0)}
    jacobians = anatomy.step_jacobians(r)
    steps = np.unique([1, length - 1, length])
    said = [
        *explain.flow({label: r}),
        *explain.flow(others),
        explain.reading(others, 1),
        explain.why(label, r),
        explain.learns_from(label, r),
        *explain.shape_at(label, r, config.gain),
        explain.fates(others),
        explain_anatomy.singular_values(label, steps, anatomy.products(r, steps), length),
        explain_anatomy.exponents(label, anatomy.lyapunov(jacobians), length),
        explain_anatomy.eigenvalues(np.linalg.eigvals(jacobians[0]), 1),
        explain_anatomy.phase(
            label,
            "forget-gate bias",
            config.forget_bias,
            np.stack([r.log10_dh] * 2, axis=1),
            r.log10_dh[0] - r.log10_dh[-1],
        )
        if config.loss == "last"
        else "",
        *(explain_anatomy.truncated(r, anatomy.influence(r, reach)[1], reach) for reach in (1, length)),
        *explain_anatomy.formats(r.log10_dh, anatomy.rounded(r), r),
    ]
    if "f" in r.gates:
        said += [explain.remembered(r, 1)[1]]
    if (found := anatomy.paths(r)) is not None:
        said += [explain_anatomy.paths(label, r, found, "f")]
    well_formed(said)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(st.floats(2, 8), st.floats(-4, 0), st.sampled_from([0.01, 1.0, 2.0]), st.sampled_from([0.01, 0.5, 2.0]))
def test_every_sentence_of_a_random_descent_is_well_formed(w, b, rate, threshold):
    d = cliff.descend(w, b, rate, threshold)
    places = [(d.w[n, k], d.b[n, k]) for n in (0, 60) for k in range(3)]
    walls = [explain_cliff.wall(w, cliff.wall(w), f"Here, at w = {shown(w, 4)},") for w, _ in places]
    table = [text for n in (1, 60) for column in explain_cliff.table(d, n).values() for text in column]
    well_formed(
        [
            explain_cliff.verdict(d, "x"),
            explain_cliff.steepest(d),
            *explain_cliff.clipping(d),
            explain_cliff.threshold(d),
            *walls,
            *table,
        ]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"networks": 1},
        {"clip": "none"},
        {"clip": "value", "threshold": 1e-6},
        {"threshold": 1e6},
        {"cell": "rnn_identity", "init": "identity", "gain": 4.0, "length": 200},
        {
            "cell": "rnn_identity",
            "gain": 4.0,
            "length": 100,
            "nonfinite": "skip",
            "precision": "float64",
            "networks": 1,
        },
    ],
    ids=str,
)
def test_every_sentence_of_a_training_is_well_formed(changes):
    run = Training(TrainConfig(**{"cell": "rnn", "hidden_size": 4, "networks": 2, "length": 10} | changes))
    for updates in (0, 1, 12):
        while not run.finished and run.updates < updates:
            run.update()
        well_formed(
            [
                training.verdict("a", run),
                training.clipped("a", run),
                training.skipped("a", run),
                *training.stops("a", run),
                training.winner({"a": run, "b": run})[1],
                training.same_pass({"a": run, "b": run}) or "",
            ]
        )


def test_labels_of_runs_are_well_formed():
    for varied, value in (("rate", 1e-6), ("forget_bias", -2.0), ("clip", "norm")):
        label = training.label(TrainConfig(**{varied: value, "threshold": 1e6}), varied)
        assert not re.search(r"e[+-]\d|-\d", label)


def test_an_update_that_is_hardly_turned_is_not_said_to_be():
    run = Training(TrainConfig(cell="rnn", hidden_size=4, networks=1, length=10, clip="parameter", threshold=1e-3))
    for _ in range(3):
        run.update()
    run.history["cosine"][:] = np.cos(np.radians(0.3))
    assert training.clipped("a", run).endswith("and no gradient was turned.")
    run.history["cosine"][:] = np.cos(np.radians(30))
    assert "by up to 30°" in training.clipped("a", run)


def test_runs_that_diverged_have_no_winner():
    run = Training(TrainConfig(cell="rnn", hidden_size=4, networks=2, length=10))
    run.tests["loss"][-1] = np.nan
    assert training.winner({"a": run, "b": run})[0] == training.NEITHER


def test_not_all_updates_are_not_100_percent():
    run = Training(TrainConfig(cell="rnn", hidden_size=4, networks=1, length=10, threshold=1e-6))
    for _ in range(5):
        run.update()
    run.history["clipped"][:] = 1 - 1e-4
    assert "nearly 100 % of the updates" in training.clipped("a", run)
    run.history["clipped"][:] = 0.997
    assert "99.7 % of the updates" in training.clipped("a", run)


def test_weights_that_do_not_fit_are_told_apart_in_words():
    small, other = TrainConfig(cell="rnn", networks=1, hidden_size=5), TrainConfig(cell="lstm", networks=2)
    weights = Training(small).weights
    assert training.misfit(small, weights) is None
    text = training.misfit(other, weights)
    assert "1 network, not 2; 5 hidden units, not 32; 1 gate, not 4" in text and "take the file away" in text
    with pytest.raises(ValueError):
        Training(other, weights)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_what_the_papers_say_is_well_formed(figure):
    well_formed([figure.title, figure.citation, figure.settings])


@pytest.mark.parametrize("name, text", [("seed", "2147483648"), ("forget_bias", "-99"), ("hidden_size", "abc")])
def test_a_note_on_the_address_is_well_formed(name, text):
    note = state._note(name, state.CONTROLS[name], text, state.CONTROLS[name].low)
    assert name in note and "parameter" not in note and "e+" not in note and "is used" in note
    assert not re.search(r"(?<!=)-\d", note)


@pytest.mark.parametrize(
    "path, query",
    [
        ("pages/gradient_flow.py", {"input": "text", "text": "x"}),
        ("pages/gradient_flow.py", {"input": "bits", "bits": "12"}),
        ("pages/gradient_flow.py", {"hidden_size": "x", "seed": "1e99"}),
        ("pages/training.py", {"train_task": "Your own text", "train_typed": "aaaaaaaa"}),
    ],
)
def test_no_message_on_the_screen_speaks_of_parameters(path, query):
    page = opened(path, **query)
    notes = [m.value for m in (*page.markdown, *page.warning, *page.error) if " must " in m.value]
    assert notes and not any("parameter" in note or "e+" in note for note in notes)
