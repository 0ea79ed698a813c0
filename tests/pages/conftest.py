"""Every figure that a page sends in these tests is held against Plotly's schema, which pages do not wait for."""

import plotly.graph_objects as go
import pytest

from rnnviz.ui import plot


@pytest.fixture(autouse=True)
def valid_figures(monkeypatch):
    """Raise ValueError inside the page where a figure has a property that Plotly does not know."""
    send = plot.as_json
    monkeypatch.setattr(plot, "as_json", lambda message: (go.Figure(message["figure"]), send(message))[1])
