"""Who may import whom, what may not be called at all, and options that Streamlit knows."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "rnnviz").rglob("*.py"))
SCREEN = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
EVERYTHING = PACKAGE + SCREEN


def imports(source, package):
    """The full names of all that a module imports, wherever in it; package: the parts of the package it lies in."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def imported_by(path):
    return imports(path.read_text(), list(path.relative_to(ROOT).parent.parts))


def of(*parts):
    """The modules of the package in a folder, or of that name."""
    place = ROOT.joinpath("rnnviz", *parts)
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert files and all(f.is_file() for f in files), place
    return files


def within(name, *modules):
    return any(name == m or name.startswith(m + ".") for m in modules)


def offences(paths, forbidden, allowed=()):
    """(file, import) for what is imported from among `forbidden` and is not from among `allowed`."""
    return [(str(path.relative_to(ROOT)), name) for path in paths for name in sorted(imported_by(path))
            if within(name, *forbidden) and not within(name, *allowed)]


def test_the_scan_finds_imports_of_every_form():
    source = "import a.b, c as d\nfrom . import e\nfrom ..f import g as h\nfrom i.j import k\ndef l():\n    import m\n"
    assert imports(source, ["rnnviz", "ui"]) == {"a.b", "c", "rnnviz.ui.e", "rnnviz.f.g", "i.j.k", "m"}
    assert "rnnviz.sources" in imported_by(ROOT / "rnnviz" / "engine" / "record.py")
    assert "rnnviz.cells.find" in imported_by(ROOT / "rnnviz" / "engine" / "record.py")
    assert within("numpy.linalg", "numpy") and within("numpy", "numpy") and not within("numpyro", "numpy")
    assert len(PACKAGE) > 20 and len(SCREEN) > 2
    assert offences(of("engine", "record"), ["rnnviz"], ["rnnviz.config"])  # and says so where there is something


@pytest.mark.parametrize("files, forbidden, allowed", [
    (of("cells"), ["rnnviz"], ["rnnviz.cells"]),
    (of("sources"), ["rnnviz"], ["rnnviz.sources"]),
    (of("engine") + of("recording") + of("config"), ["rnnviz.figures", "rnnviz.ui", "streamlit", "plotly"], []),
    (of("engine") + of("recording") + of("config"), ["rnnviz"],
     ["rnnviz.engine", "rnnviz.recording", "rnnviz.config", "rnnviz.cells", "rnnviz.sources"]),
    (of("figures"), ["rnnviz.ui", "streamlit"], []),
    (SCREEN, ["numpy", "plotly", "autograd", "rnnviz.engine", "pandas"], []),
    ([f for f in PACKAGE if f not in of("ui")], ["streamlit"], []),
    ([f for f in PACKAGE if f not in of("engine")], ["autograd"], []),
    ([ROOT / "tests" / "oracle.py", ROOT / "tests" / "plain_autograd.py"], ["rnnviz"], []),
], ids=["cells", "sources", "engine: no screen", "engine: below it", "figures", "pages", "streamlit", "autograd",
        "oracle"])
def test_direction_of_imports(files, forbidden, allowed):
    assert offences(files, forbidden, allowed) == []


def test_the_engine_alone_brings_no_screen_along():
    script = "import sys, rnnviz; print([m for m in ('streamlit', 'plotly', 'pandas', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- what may not be there -------------------------------------------------------------------

DANGEROUS = {"eval", "exec", "__import__", "compile"}
MODULES = ["pickle", "dill", "marshal", "shelve", "joblib"]


def dangers(source):
    """What in a source runs text as code, unpickles, or puts text into a page as HTML."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DANGEROUS:
            found.append(node.func.id)
        if isinstance(node, ast.Constant) and node.value == "unsafe_allow_html":
            found.append(node.value)
        if isinstance(node, ast.keyword) and node.arg in ("unsafe_allow_html", "allow_pickle"):
            found.append(node.arg)
    return found + [name for name in imports(source, []) if within(name, *MODULES)]


def test_the_scan_finds_dangers():
    for source in ("x = eval('1')", "import pickle", "from pickle import loads", "a.b(c, unsafe_allow_html=True)",
                   "f(**{'unsafe_allow_html': True})", "exec(a)", "np.load(f, allow_pickle=True)"):
        assert dangers(source), source
    assert not dangers("re.compile('a'); model.eval(); 'evaluate'")


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_dangerous(path):
    assert dangers(path.read_text()) == []


# ---- options ---------------------------------------------------------------------------------


def test_streamlit_knows_every_option():
    with open(ROOT / ".streamlit" / "config.toml", "rb") as file:
        sections = tomllib.load(file)
    known = streamlit_config.get_config_options()
    given = {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}
    assert given and set(given) <= set(known)
    assert "runner.postScriptGC" in known and given["runner.postScriptGC"] is False
    assert "runner.noSuchOption" not in known
