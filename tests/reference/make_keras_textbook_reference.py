"""Make tests/reference/keras_textbook.json: the parameters of the textbook's network, layer by layer, as Keras counts.

Made with keras 3.15.1 on torch 2.13.0+cpu, from the root of the repository, in an environment with both:

    KERAS_BACKEND=torch python tests/reference/make_keras_textbook_reference.py

Two recurrent layers of 50 units and a Dense(1) on sequences (100, 1): for each kind of layer, one direction and both,
the numbers of count_params() and the shapes after each layer.
"""

import json
from pathlib import Path

import keras
from keras import layers

KINDS = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def summary(kind, both):
    made = [KINDS[kind](50, return_sequences=True), KINDS[kind](50)]
    made = [layers.Bidirectional(own) for own in made] if both else made
    model = keras.Sequential([keras.Input((100, 1)), *made, layers.Dense(1)])
    return {
        "counts": [own.count_params() for own in model.layers],
        "shapes": [list(own.output.shape[1:]) for own in model.layers],
    }


if __name__ == "__main__":
    found = {f"{kind} {'both' if both else 'forward'}": summary(kind, both) for kind in KINDS for both in (False, True)}
    text = json.dumps({"keras_version": keras.__version__} | found, indent=1)
    Path(__file__).with_name("keras_textbook.json").write_text(text + "\n", encoding="utf-8")
