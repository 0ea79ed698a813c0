"""Words that open what they mean: every mark has an entry, and an entry is short."""

import ast
import re
from pathlib import Path

import pytest
from opened import opened, sentences

from rnnviz.course import START
from rnnviz.engine.record import record
from rnnviz.glossary import GLOSSARY, MARK, bare, marked

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "rnnviz").rglob("*.py")]


def texts():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value


def test_every_mark_has_an_entry():
    found = {
        word
        for path, text in texts()
        if path.name not in ("glossary.py", "words.py", "plot.py")
        for word, _ in MARK.findall(text)
    }
    assert found and found <= GLOSSARY.keys()


@pytest.mark.parametrize("word", GLOSSARY)
def test_an_entry_is_at_most_two_sentences(word):
    assert GLOSSARY[word].endswith(".") and len(re.findall(r"[.!?](?:\s|$)", GLOSSARY[word])) <= 2
    assert not MARK.search(GLOSSARY[word]) and len(GLOSSARY[word].split()) <= 32


def test_a_word_is_marked_once_in_the_form_it_has():
    text = marked("Norm of the norm of normal Us, U and U", "norm", "U")
    assert text == "[[norm|Norm]] of the norm of normal Us, [[U|U]] and U"
    assert bare(text) == "Norm of the norm of normal Us, U and U" and marked(text, "U") != text
    assert bare("[[gradient]] and [[vanish|vanishes]]") == "gradient and vanishes"


@pytest.mark.parametrize(
    "path, asked, words",
    [
        (
            "app",
            {},
            {"step", "gradient", "unit", "noise", "loss", "norm", "hidden state", "log axis", "vanish", "explode"},
        ),
        (
            "gradient_flow",
            {},
            {
                "loss",
                "gradient",
                "gain",
                "norm",
                "cell state",
                "log axis",
                "vanish",
                "explode",
                "U",
                "slope",
                "singular value",
                "spectral radius",
                "forget gate",
                "update gate",
                "orthogonal",
                "seed",
            },
        ),
        ("inside_the_cell", {}, {"candidate", "pre-activation", "sigma", "gate", "unit", "cell state"}),
        (
            "why_it_vanishes",
            {"view": "exponents"},
            {"gain", "U", "Jacobian", "eigenvalue", "Lyapunov exponent", "chaos"},
        ),
        ("why_it_vanishes", {}, {"gain", "U", "singular value"}),
        (
            "the_cliff",
            {},
            {
                "learning rate",
                "fold",
                "clipping by norm",
                "clipping by value",
                "threshold",
                "update",
                "error surface",
                "sigma",
            },
        ),
        ("depth_and_direction", {}, {"layer", "stacked", "residual connection", "bidirectional", "gradient", "loss"}),
        ("training", {}, {"temporal order", "held-out", "credit", "clipping by norm", "threshold", "seed", "loss"}),
        ("norm_and_noise", {}, {"layer normalisation", "dropout", "gradient", "gain", "U"}),
        (
            "norm_and_noise",
            {"noise_view": "masks on the way"},
            {"dropout", "mask", "path", "variance", "linear", "unit"},
        ),
        ("norm_and_noise", {"noise_view": "noise in a memory"}, {"dropout", "mask", "zoneout", "candidate"}),
        ("paper_figures", {}, {"gradient", "norm", "U", "vanish", "explode"}),
    ],
)
def test_no_word_is_met_without_what_it_means(path, asked, words):
    page = opened("app.py" if path == "app" else f"pages/{path}.py", **asked)
    assert words <= {word for text in sentences(page).values() for word, _ in MARK.findall(text)}


def test_a_sentence_of_start_reads_without_its_marks():
    said = START.sentence({label: record(config) for label, config in START.networks.items()}, START.value)
    assert "[[" in said and "[[" not in bare(said)
