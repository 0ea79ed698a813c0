"""What pip install takes along: every file that is read, what it needs, and a command that starts the app."""

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from rnnviz import __main__ as start
from rnnviz.place import APP, INSTALLED

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUP = PROJECT["tool"]["setuptools"]


def pins(name):
    """Package -> version in a requirements file."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def imported(paths):
    """Names of the packages that these files import, but those of Python and ours."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    return {name.split(".")[0] for name in found} - {"rnnviz", *sys.stdlib_module_names}


def test_every_file_beside_the_code_is_taken_along():
    there = {p for p in (ROOT / "rnnviz").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    taken = {p for p in there if p.suffix == ".py" and (p.parent / "__init__.py").exists()}
    for package, patterns in SETUP["package-data"].items():
        folder = ROOT if package == "rnnviz.app" else ROOT / package.replace(".", "/")
        for pattern in patterns:
            found = set(folder.glob(pattern))
            assert found, f"{package}: {pattern}"
            taken |= found
    assert there <= taken, there - taken


def test_the_app_is_where_it_is_looked_for():
    assert APP == ROOT and INSTALLED == ROOT / "rnnviz" / "app" and not INSTALLED.exists()
    assert all((APP / name).exists() for name in ("app.py", "pages", ".streamlit/config.toml"))
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert '"rnnviz.app", "rnnviz.app.pages"' in text and 'package_dir={"rnnviz.app": "."}' in text


def test_a_notebook_needs_what_the_library_imports():
    """From the versions on that are pinned for the app."""
    library = [p for p in (ROOT / "rnnviz").rglob("*.py") if p.parent.name != "ui" and p.name != "__main__.py"]
    pinned = pins("requirements.txt")
    assert sorted(PROJECT["project"]["dependencies"]) == sorted(f"{n}>={pinned[n]}" for n in imported(library))
    screen = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "rnnviz" / "ui").glob("*.py")]
    assert imported(screen) <= {name.split("[")[0] for name in pinned}


def test_extras_are_the_pinned_files():
    files = {name: extra["file"] for name, extra in SETUP["dynamic"]["optional-dependencies"].items()}
    assert files == {
        "app": ["requirements.txt"],
        "test": ["requirements.txt", "requirements-test.txt"],
        "bench": ["requirements.txt", "requirements-bench.txt"],
    }
    for name in {name for names in files.values() for name in names}:
        assert all(re.fullmatch(r"[\d.]+", version) for version in pins(name).values())


def test_the_command_becomes_the_server(monkeypatch, capsys):
    became = []
    monkeypatch.setattr(start.os, "execve", lambda *given: became.append(given))
    monkeypatch.setattr("streamlit.net_util.get_internal_ip", lambda: "192.0.2.7")
    monkeypatch.setattr(sys, "argv", ["rnnviz", "--server.port", "9000", "--server.headless=true"])
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    module, name = PROJECT["project"]["scripts"]["rnnviz"].split(":")
    getattr(import_module(module), name)()
    [(python, command, environment)] = became
    assert [python, "-m", "streamlit", "run", str(ROOT / "app.py")] == [sys.executable, *command[1:5]]
    assert command[5:] == ["--server.port", "9000", "--server.headless=true"]
    assert environment["MALLOC_ARENA_MAX"] == "1" and environment["OPENBLAS_NUM_THREADS"] == "2"
    assert capsys.readouterr().out == "rnnviz: http://localhost:9000, and in your network http://192.0.2.7:9000\n"
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "9001")
    assert ":9001" in start.addresses([]) and ":9002" in start.addresses(["--server.port=9002"])


def test_the_command_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["rnnviz"])
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=re.escape(".[app]")):
        start.main()


def test_terms_of_all_that_is_not_ours():
    """Each file of data has its row, with a licence; they are installed beside LICENSE."""
    data = ROOT / "rnnviz" / "sources" / "data"
    text = (data / "README.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(): cells[3] for line in text.splitlines() if len(cells := line.split("|")) == 5}
    for path in data.iterdir():
        assert path.name == "README.md" or len(rows[path.name]) > 20, path.name
    [plotly] = (ROOT / "rnnviz" / "ui").glob("*.gz")
    assert plotly.name in text and "MIT" in text
    for name in PROJECT["project"]["license-files"]:
        assert (ROOT / name).exists()
    assert "rnnviz contributors" in (ROOT / "LICENSE").read_text(encoding="utf-8")
