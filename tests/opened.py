"""A page opened without a browser, by its file and its address."""

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]


def opened(path, **query):
    """The page after its first run, which raised nothing."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if path != "app.py":
        page.switch_page(path)
    for name, value in query.items():
        page.query_params[name] = value
    return sound(page.run())


def sound(page):
    """The same page, which raised nothing."""
    assert not page.exception, page.exception[0].stack_trace
    return page


def said(page):
    """All words of a page."""
    kinds = (page.markdown, page.info, page.warning, page.error, page.caption)
    return " ".join([*(e.value for kind in kinds for e in kind), *sentences(page).values()])


def sentences(page):
    """Name -> text of the sentences that follow a slider."""
    sent = (e.proto.json for e in page.get("bidi_component") if e.proto.component_name == "rnnviz.words")
    return {message["name"]: message["text"] for message in map(json.loads, sent)}
