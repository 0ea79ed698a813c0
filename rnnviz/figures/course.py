"""The pictures of the lessons: functions of recordings and of what a stage's slider stands at."""

from .flow import gradient_flow


def curves(recordings, value, height=275):
    """The norm of dL/dh_t of every network, on a logarithmic axis. value: does not count."""
    return gradient_flow(recordings, cell_state=False, height=height)


PICTURES = {"curves": curves}
"""What a stage can draw."""
