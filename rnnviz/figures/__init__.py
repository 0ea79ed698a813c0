"""Pictures of a recording: pure functions that return a `theme.Figure`, a Plotly figure; `wiring` returns an SVG,
`unrolled.network` a `Network`, which the page's own script draws."""

from .flow import gradient_flow, step_shares
from .units import cell_heatmaps
from .wiring import wiring

__all__ = ["cell_heatmaps", "gradient_flow", "step_shares", "wiring"]
