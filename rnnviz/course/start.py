"""The first thing to be seen: three networks, and a fate of the gradient in each."""

from ..config import Config, Number
from ..explain import changed
from ..wording import count, shown
from .sentences import left, verb
from .stage import Slider, Stage

MOVED = "RNN under the slider"
_RNN = {"cell": "rnn", "init": "orthogonal", "input_scale": 0.3, "steps": 41, "hidden_size": 64}


def sentence(recordings, gain):
    """What becomes of the gradient in each network, with the verb of its number; of two that are equal, once."""
    steps = max(changed(r)[1] for r in recordings.values())
    names, said = {MOVED: f"RNN, gain {shown(gain)}"}, {}
    for label, recording in recordings.items():
        said.setdefault(names.get(label, label), []).append(changed(recording)[0])
    parts = (
        f"**{name}**{', both of them the same' if len(changes) > 1 else ''}: {left(changes[0])}, it "
        f"**{verb(changes[0]).replace('arrives', 'survives')}**."
        for name, changes in said.items()
    )
    return f"An error sent back {count(steps, 'step')}. " + " ".join(parts)


START = Stage(
    id="start",
    title="Watch the gradient vanish, explode, survive",
    networks={
        MOVED: Config(gain=0.5, **_RNN),
        "RNN, gain 4": Config(gain=4.0, **_RNN),
        "LSTM": Config(cell="lstm", init="orthogonal", forget_bias=5.0, steps=41, hidden_size=64),
    },
    slider=Slider(
        "Recurrent gain of the first RNN: a factor on the weights that carry its memory",
        Number(0.5, 0.5, 4.0, 0.05),
        "gain",
        (MOVED,),
    ),
    sentence=sentence,
)
