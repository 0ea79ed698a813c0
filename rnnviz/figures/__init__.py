"""Pictures of a recording: pure functions that return a `plotly.graph_objects.Figure`."""

from .flow import gradient_flow, step_shares

__all__ = ["gradient_flow", "step_shares"]
