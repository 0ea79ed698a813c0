"""Who owns the arrays: nothing that a caller does to an array changes what a recording says, before or after."""

from dataclasses import replace

import networks
import numpy as np
import pytest
from networks import network, output_gradient

from rnnviz import CELLS, Config, Parameters, record, record_many, record_with
from rnnviz.engine import anatomy

CONFIG = Config(steps=6, batch_size=2, input_size=3, hidden_size=4, loss="every")


def spoil(*arrays):
    for array in arrays:
        array[...] = 7.0


@pytest.mark.parametrize("gain", [1.0, 1e-60])
@pytest.mark.parametrize("cell", CELLS)
def test_what_is_done_to_the_arguments_afterwards_changes_nothing(cell, gain):
    """The arguments are overwritten before anything is asked of the recording."""
    given = [network(cell, gain=gain) for _ in range(2)]
    losses = [output_gradient("every", 6, 3, 4) for _ in range(2)]
    spoilt, kept = (
        record_with(cell, parameters, x, loss, initial) for (parameters, x, initial), loss in zip(given, losses)
    )
    (parameters, x, initial), loss = given[0], losses[0]
    spoil(*vars(parameters).values(), x, *initial.values(), loss)
    for name, array in networks.flat(kept).items():
        np.testing.assert_array_equal(networks.flat(spoilt)[name], array, err_msg=name)


@pytest.mark.parametrize("many", [False, True])
def test_inputs_and_targets_may_be_used_again(many):
    def run():
        x, y = np.full((6, 2, 3), 0.5), np.full((6, 2, 4), 0.25)
        found = record_many([CONFIG] * 2, x, y) if many else record(CONFIG, x, y)
        return found, (x, y)

    (spoilt, given), (kept, _) = run(), run()
    spoil(*given)
    for name, array in networks.flat(kept).items():
        np.testing.assert_array_equal(networks.flat(spoilt)[name], array, err_msg=name)


def everything(recording):
    """Every array that a recording shows, by name."""
    shown = networks.flat(recording) | {"x": recording.x}
    if recording.slope is not None:
        shown["slope"] = recording.slope
    shown |= {f"states {s}": a for s, a in recording.states.items()}
    return {name: array for name, array in shown.items() if isinstance(array, np.ndarray)}  # others cannot change


@pytest.mark.parametrize(
    "recorded",
    [
        lambda c: record(c),
        lambda c: record_many([c] * 2),
        lambda c: record_many([c] * 2).network(1, c),
        lambda c: record(replace(c, gain=1e-9, steps=60)),
        lambda c: anatomy.influence(record(replace(c, batch_size=1)), 2)[1],
    ],
)
@pytest.mark.parametrize("cell", CELLS)
def test_nobody_can_write_into_a_recording(cell, recorded):
    recording = recorded(replace(CONFIG, cell=cell))
    for _ in range(2):  # when it is computed, and when it is kept
        for array in everything(recording).values():
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 7.0
    for part in (recording.forward, recording.local, recording.back):
        for array in vars(part).values():
            assert not isinstance(array, np.ndarray) or not array.flags.writeable


def test_the_callers_own_arrays_stay_writeable():
    for cell in CELLS:
        parameters, x, initial = network(cell)
        loss = output_gradient("every", 6, 3, 4)
        record_with(cell, parameters, x, loss, initial)
        spoil(*vars(parameters).values(), x, *initial.values(), loss)
    W = np.ones((3, 16))
    held = Parameters(W, np.ones((4, 16)), np.ones(16), np.ones(16))
    assert held.W is W
    stacked = Parameters.stack([held, held])
    stacked.W[...] = 0.0
    assert (W == 1.0).all()
