"""Files that the browser needs from installed packages, put where Streamlit serves them."""

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

import plotly
import streamlit as st

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "static"


def read(*names):
    """Files beside this one, as one text."""
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def module(*names):
    """The JavaScript of a component, for Streamlit: a line that imports these files, as one, from this server.

    Streamlit sends a component's own text with every message; what is imported comes once.
    """
    content = read(*names).encode()
    name = f"{Path(names[-1]).stem}-{hashlib.sha1(content).hexdigest()[:10]}.js"
    _provide(name, lambda partial: partial.write_bytes(content))
    # Two lines: Streamlit takes one for the name of a file.
    return f'const {{ default: run }} = await import(new URL("{_served(name)}", location.origin));\nexport default run;'


@lru_cache(maxsize=1)
def plotly_address():
    """The address of plotly.js, copied once from the installed package, so that nothing is fetched from elsewhere."""
    name = f"plotly-{plotly.__version__}.min.js"
    _provide(name, lambda partial: shutil.copyfile(
        Path(plotly.__file__).parent / "package_data" / "plotly.min.js", partial))
    return _served(name)


def _provide(name, make):
    if not (STATIC / name).exists():
        STATIC.mkdir(exist_ok=True)
        partial = STATIC / f".{name}"
        make(partial)
        partial.replace(STATIC / name)


def _served(name):
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/app/static/{name}"
