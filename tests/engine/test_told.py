"""What a recording says of itself: where its state overflows, and which names there are."""

import numpy as np
import pytest

from rnnviz import Config, NetworkConfig, TrainConfig, Training, record, record_many


def test_an_overflow_on_the_way_forward_is_said():
    recording = record(Config(cell="rnn_identity", gain=4, steps=1000))
    assert recording.overflow_step == 513 and np.isnan(recording.log10_dh).all()
    assert "state overflows float64 at step 513: gradients of a loss from there on cannot be computed" in str(recording)
    assert "exact" not in str(recording)
    assert "overflow" in type(recording).__doc__ and "nan" in type(recording).log10_dh.__doc__
    before = record(Config(cell="rnn_identity", gain=4, steps=1000, loss="one", loss_step=512))
    assert np.isfinite(before.log10_dh[:512]).all() and not np.isnan(before.log10_dh).any()
    sound = record(Config(cell="rnn_identity", gain=0.5, steps=1000))
    assert "overflows" not in str(sound) and "exact beyond float64's range" in str(sound)


def test_an_overflow_in_several_networks_or_layers_is_said():
    many = record_many([Config("rnn_identity", gain=g, steps=1000) for g in (0.5, 4.0, 3.9)])
    assert f"in 2 of 3 networks, first at step {many.overflow_step[1]}:" in str(many)
    deep = record(NetworkConfig("rnn_identity", gain=4, steps=1000))
    assert f"its state overflows float64 at its step {deep.overflow_step['layer 1']}" in str(deep)


def test_a_name_there_is_not_is_told_the_others():
    deep, alone = record(NetworkConfig("lstm", steps=3, hidden_size=2)), record(Config("lstm", steps=3, hidden_size=2))
    run = Training(TrainConfig(cell="rnn", hidden_size=2, length=10, networks=1, sequences=2))
    for holder, name in (
        (deep.log10_dh, "layer 1"),
        (deep.recordings, "layer 2"),
        (deep.outputs, "x"),
        (deep.gradients, "layer 1"),
        (deep.log10_arrows, ("layer 1", "x")),
        (alone.gates, "f"),
        (alone.states, "c"),
        (alone.shares, "U"),
        (run.history, "norm_before"),
    ):
        holder[name]
        with pytest.raises(KeyError) as caught:
            holder["layer 9"]
        assert "'layer 9' is not one of " in str(caught.value) and repr(name) in str(caught.value)
