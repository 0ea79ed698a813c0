"""Sentences of lesson 4: by what the gradient is multiplied."""

import numpy as np

from ..explain import changed, fate
from ..wording import count, number, percent, shown
from . import found
from .sentences import far, left, only, pace_of, part


def direct(recording):
    """log10 of what the direct way alone would bring to step 1, by what arrives there."""
    ways = found.two_ways(recording)
    return float(ways.direct[0] - ways.full[0])


def alone(recordings, gain):
    """What the gate's own way brings, and by where the rest went."""
    share = direct(only(recordings))
    brings = "all" if abs(share) < 1e-6 else part(share)
    text = f"Gain {shown(gain)}: the direct lane alone would bring {brings} of the gradient."
    return f"{text} The rest went through the [[weight|weights]]." if share < -0.5 else text


def slope_of(recording):
    """The mean slope of the activation on the way back."""
    return float(recording.slope[1:].mean())


def product(recordings, gain):
    """Gain times mean slope, and what a step back really multiplies by."""
    r = only(recordings)
    slope = slope_of(r)
    return (
        f"Gain {shown(gain)} × average [[slope]] {shown(slope, 2)} = {shown(gain * slope, 2)}; measured, one step "
        f"back multiplies by {shown(pace_of(r))} on average."
    )


def loud(recordings, power):
    """What the size of the input does to the slope, and that to the gradient."""
    r = only(recordings)
    change, last = changed(r)
    end = " A gain above 1 is not enough to explode." if fate(change) == "vanishes" else ""
    return (
        f"Input × {shown(r.config.input_scale, 2)}: average [[slope]] {shown(slope_of(r), 2)}. On average "
        f"a step back multiplies by {shown(pace_of(r))}; {far(change, last)}{end}"
    )


def rotation(recordings, gain):
    """What a rotation times the gain leaves after so many steps."""
    change, last = changed(only(recordings))
    if gain == 1:
        return (
            f"A rotation keeps every length: after {count(last, 'step')} {percent(10**change)} is left. At 0.9 it "
            f"would be {number(last * np.log10(0.9), 2)}."
        )
    return f"A rotation, times {shown(gain)} at every step: {far(change, last)}"


def stretch(recordings, gain):
    """The largest stretch of one step, the largest eigenvalue, and what many steps leave."""
    r = only(recordings)
    change, last = changed(r)
    radius, largest = r.spectra["h"]
    return (
        f"Largest [[singular value|stretch]] {shown(largest)}, largest [[eigenvalue]] {shown(radius)}; "
        f"{far(change, last)} In the long run eigenvalues decide."
    )


def balance(recordings, gain):
    """What this gain leaves, and how narrow the ridge is."""
    config = only(recordings).config
    logs = found.ridge(config)
    change = dict(zip(found.GAINS, logs[0] - logs[-1]))
    level = found.level(config)
    half, twice = min(change, key=lambda g: abs(g - level / 2)), min(change, key=lambda g: abs(g - 2 * level))
    return (
        f"Gain {shown(gain)}: {far(*changed(only(recordings)))} It is level near {shown(level)}: half leaves "
        f"{number(change[half], 2)}, twice makes {number(change[twice], 2)}."
    )


def ten_back(recording):
    """log10 of what is left ten steps back of the gradient of each loss, (T - 10,)."""
    logs = found.who_learns(recording)
    return np.diagonal(logs, -10) - np.diagonal(logs)[10:]


def just_before(recordings, gain):
    """How much of a loss's gradient is left ten steps before it: the median over all losses."""
    change = float(np.median(ten_back(only(recordings))))
    return f"Each [[loss]] teaches the steps before it: ten steps back {left(change, 'its gradient')}."
