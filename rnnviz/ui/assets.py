"""Files that the browser needs from installed packages, put where Streamlit serves them."""

import gzip
import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

import plotly
import streamlit as st

from ..place import APP

HERE = Path(__file__).parent
STATIC = APP / "static"


def read(*names):
    """Files beside this one, as one text."""
    return "".join((HERE / name).read_text(encoding="utf-8") for name in names)


def module(*names, given=""):
    """The JavaScript of a component, for Streamlit: a line that imports these files, as one, from this server.

    Streamlit sends a component's own text with every message; what is imported comes once. given: what stands before
    the files.
    """
    content = (given + read(*names)).encode()
    name = f"{Path(names[-1]).stem}-{hashlib.sha1(content).hexdigest()[:10]}.js"
    _provide(name, lambda partial: partial.write_bytes(content))
    # Two lines: Streamlit takes one for the name of a file.
    return f'const {{ default: run }} = await import(new URL("{_served(name)}", location.origin));\nexport default run;'


@lru_cache(maxsize=1)
def plotly_address():
    """Addresses of plotly.js here, so that nothing is fetched from elsewhere: of flat figures, and of all there are.

    What draws flat figures is npm's plotly.js-cartesian-dist-min, unchanged: a third to load and to start. The other
    one is the installed package's. Both lie there packed, as Streamlit would pack them anew for every visitor.
    """
    flat = next(HERE.glob("plotly-cartesian-*.min.js.gz"))
    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    names = {"flat": flat.name, "all": f"plotly-{plotly.__version__}.min.js.gz"}
    _provide(names["flat"], lambda partial: shutil.copyfile(flat, partial))
    _provide(names["all"], lambda partial: partial.write_bytes(gzip.compress(whole.read_bytes(), 6)))
    return {which: _served(name) for which, name in names.items()}


def _provide(name, make):
    if not (STATIC / name).exists():
        STATIC.mkdir(exist_ok=True)
        partial = STATIC / f".{name}"
        make(partial)
        partial.replace(STATIC / name)


def _served(name):
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/app/static/{name}"
