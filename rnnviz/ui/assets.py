"""Files that the browser needs from installed packages, put where Streamlit serves them."""

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


@lru_cache(maxsize=1)
def plotly_address():
    """The address of plotly.js, copied once from the installed package, so that nothing is fetched from elsewhere."""
    name = f"plotly-{plotly.__version__}.min.js"
    if not (STATIC / name).exists():
        STATIC.mkdir(exist_ok=True)
        partial = STATIC / f".{name}"
        shutil.copyfile(Path(plotly.__file__).parent / "package_data" / "plotly.min.js", partial)
        partial.replace(STATIC / name)
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/app/static/{name}"
