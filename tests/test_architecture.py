"""The direction of imports, and settings that everything rests on."""

import ast
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "rnnviz").rglob("*.py"))]
FORBIDDEN = {
    "cells": {
        "streamlit",
        "plotly",
        "rnnviz.engine",
        "rnnviz.figures",
        "rnnviz.ui",
        "rnnviz.config",
        "rnnviz.layers",
        "rnnviz.networks",
    },
    "engine": {"streamlit", "plotly", "rnnviz.figures", "rnnviz.ui", "rnnviz.layers", "rnnviz.networks"},
    "layers": {"streamlit", "plotly", "rnnviz.figures", "rnnviz.ui", "rnnviz.networks"},
    "networks": {"streamlit", "plotly", "rnnviz.figures", "rnnviz.ui"},
    "sources": {"streamlit", "plotly", "rnnviz.engine", "rnnviz.cells", "rnnviz.figures", "rnnviz.ui", "rnnviz.config"},
    "figures": {"streamlit", "rnnviz.ui", "rnnviz.engine"},
    "course": {"streamlit", "plotly", "rnnviz.figures", "rnnviz.ui"},
    "checks": {"streamlit", "plotly", "rnnviz.ui", "rnnviz.engine"},
    "rnnviz": {"streamlit", "plotly", "rnnviz.ui"},
    "ui": {"plotly.graph_objects"},
    "pages": {"numpy", "plotly", "autograd"},
}

DATA = "rnnviz.engine.recording"
"""What was recorded is for everybody to read."""


def imports(path):
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_direction_of_imports(path):
    place = "pages" if path.parent in (ROOT, ROOT / "pages") else path.parent.name
    for name in imports(path):
        for forbidden in FORBIDDEN[place] if not name.startswith(DATA) else ():
            assert name != forbidden and not name.startswith(forbidden + "."), f"{path.name} imports {name}"


def test_no_arrow_runs_up():
    """Rooms, and files beside them, can be put in an order in which each imports earlier ones only."""
    package, above = ROOT / "rnnviz", {}
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()} - {"__init__"}
    for path in package.rglob("*.py"):
        own = path.relative_to(package).with_suffix("").parts[0]
        if own in rooms:
            named = {name.split(".")[1] for name in imports(path) if name.startswith("rnnviz.")}
            above.setdefault(own, set()).update((named & rooms) - {own})
    while lowest := [room for room, read in above.items() if not read & set(above)]:
        for room in lowest:
            del above[room]
    assert not above, f"these import one another: {above}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_unsafe(path):
    text = path.read_text(encoding="utf-8")
    for word in ("unsafe_allow_html", "allow_pickle=True", "import pickle", "eval(", "exec("):
        assert word not in text


@pytest.mark.parametrize("name", ["hand_written", "plain_autograd"])
def test_the_other_ways_are_independent(name):
    assert not any(n.startswith("rnnviz") for n in imports(ROOT / "rnnviz" / "checks" / f"{name}.py"))


def test_settings_that_speed_and_safety_rest_on():
    options = config.get_config_options()
    wanted = {
        "runner.postScriptGC": False,
        "server.maxUploadSize": 5,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "server.enableStaticServing": True,
        "logger.hideWelcomeMessage": True,
        "global.minCachedMessageSize": 1e9,
    }
    for name, value in wanted.items():
        assert name in options, f"Streamlit no longer knows {name}"
        assert str(config.get_option(name)).lower() == str(value).lower()


def test_the_app_and_the_benchmarks_multiply_matrices_with_one_thread():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "export OPENBLAS_NUM_THREADS ?= 1\n" in text and "export MALLOC_ARENA_MAX ?= 1\n" in text
    for name in ("engine", "training", "anatomy"):
        text = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        assert text.index('os.environ["OPENBLAS_NUM_THREADS"] = "1"') < text.index("import numpy")
