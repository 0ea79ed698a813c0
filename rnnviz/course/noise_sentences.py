"""Sentences of the lesson on normalisation and dropout: every number from what is on the screen."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from .. import explain_noise
from ..explain import changed
from ..networks.record import record_each
from ..noise import DRAWS, GRID_LAYERS
from ..norm import PLACES, PRODUCT, growth, layers
from ..overfit import at, best, dull, middle
from ..wording import count, number, percent, shown
from .sentences import left, only, part

OFF = PLACES["none"]

ENDS = (0.4, 4.0)
"""Gains between which it is asked how far a curve moves."""


def changes(traces):
    """label -> log10 of what is left at step 1."""
    return {label: changed(recording)[0] for label, recording in layers(traces).items()}


def summed(traces, gain):
    """What is left without a normalisation, and with that of the sum."""
    found = changes(traces)
    units = layers(traces)[OFF].hidden_size
    return (
        f"[[layer normalisation|Layer normalisation]]: at every step the {units} sums x·W + h·U get mean 0 and size 1. "
        f"Gain {shown(gain)} leaves {_share(found[OFF])} without, {_share(found[PLACES['sum']])} with. The gain still "
        "acts: it weighs h·U against x·W."
    )


def _share(change):
    return part(change) if change <= 0 else f"{number(change)} times"


@lru_cache(maxsize=16)
def _at_ends(config):
    low, high = (changes({"": trace})[""] for trace in record_each([replace(config, gain=gain) for gain in ENDS]))
    return high - low


def dead(traces):
    """The option for a network whose products are normalised, from its change between two gains."""
    return explain_noise.moves(_at_ends(traces[OFF].config), _at_ends(traces[PRODUCT].config))


def divided(traces, gain):
    """What is left without, and with every product normalised, whatever the gain."""
    found = changes(traces)
    return (
        f"Gain {shown(gain)} leaves {_share(found[OFF])} without, {_share(found[PRODUCT])} with. "
        "Whatever U is multiplied by, the deviation is too: the quotient stays."
    )


def growing(traces):
    """The option for what is left after many steps."""
    change = changes(traces)[PRODUCT]
    return "less than entered" if change < -0.3 else "more than entered" if change > 0.3 else "as much"


def slow(traces, gain):
    """By how much a step back multiplies, whatever the gain."""
    recording = layers(traces)[PRODUCT]
    change, last = changed(recording)
    return (
        f"At gain {shown(gain)} a step back multiplies by {shown(float(np.exp(growth(recording))))} on average, as at "
        f"any other; after {count(last, 'step')} {left(change)}. A thousand steps would [[explode]]."
    )


def survivors(about, rate):
    """How many draws let anything through after all steps, and how many would on average."""
    found = only(about)
    kept = shown(1 - rate)
    return (
        f"A [[mask]] a step: {kept} × {kept} × … leaves {percent(found.likely[-1])} of the draws, here "
        f"{found.through[-1]} of {DRAWS}, enlarged to keep the mean."
    )


def few(about):
    """The option for how many of the draws let anything through."""
    expected = DRAWS * only(about).likely[-1]
    return min(("160", "40", "2"), key=lambda text: abs(np.log(float(text) / expected)))


def masks_met(about):
    return str(len(only(about).met))


def whatever_the_lag(about, lag):
    """How many masks a path meets, and how many it would with others on the recurrent arrows."""
    met, more = len(only(about).met), GRID_LAYERS + 1 + lag
    return (
        f"{count(lag, 'step')[0].upper()}{count(lag, 'step')[1:]} back the path meets {count(met, 'mask')}: in, up, "
        f"out, however long it is. With fresh masks on the recurrent arrows too, it would meet {more}."
    )


def least(about):
    """Which scheme lets through least often."""
    return min(about, key=lambda label: about[label].likely[-1])


def five_ways(about, rate):
    """Of how many draws something gets through, in the scheme with the fewest and in the others."""
    through = {label: int(one.through[-1]) for label, one in about.items()}
    worst = min(through, key=through.get)
    rest = sorted(n for label, n in through.items() if label != worst)
    if through[worst] == rest[0]:
        return f"Nothing is dropped: all {DRAWS} draws get through."
    return (
        f"Of {DRAWS} draws there get through: **{worst} {through[worst]}**, the others {rest[0]} to {rest[-1]}. What "
        "multiplies a memory at every step wipes it out."
    )


STOPS = {"in the first third": 0.0, "in the second third": 1 / 3, "in the last third": 2 / 3}


def when_lowest(about):
    """In which third of the run the loss on the test recordings was lowest."""
    training = only(about)
    share = best(training)[0] / max(training.config.updates, 1)
    return next(text for text, begins in reversed(STOPS.items()) if share > begins or not begins)


def remembers(about, update):
    """Losses on what was learnt and on what was not, and the dull rule beside them."""
    training = only(about)
    k, (when, lowest) = at(training, update), best(training)
    end = f" It was lowest after {when}: {shown(lowest)}." if training.finished else ""
    return (
        f"Update {training.tested[k]}: training loss {shown(middle(training, 'training loss')[k], 2)}, test loss "
        f"{shown(middle(training, 'loss')[k])}.{end} Right: {round(100 * float(middle(training, 'accuracy')[k]))} %"
        f"; [[ridge|ridge regression]] on means and deviations: {round(100 * dull(training))} %."
    )
