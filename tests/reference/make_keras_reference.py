"""Make tests/reference/keras.npz: weights and outputs of recurrent layers from Keras.

Made with keras 3.15.1 on torch 2.13.0+cpu, from the root of the repository, in an environment with both:

    KERAS_BACKEND=torch python tests/reference/make_keras_reference.py

Weights and states are float64, but keras.ops.matmul of keras 3.15.1 computes in float32 even then, so that the outputs
are good to about 1e-7 (those of the LSTM, which PyTorch computes whole, to 1e-15). Keys are "<layer>/<field>", plus
"keras_version". Fields: cell (the name in rnnviz), kernel, recurrent_kernel and bias as layer.get_weights() gives them
(biases set to random numbers), x (T, B, D), h0 (c0) the initial state, h (T, B, H) the output sequence.
"""

from pathlib import Path

import keras
import numpy as np

T, B, D, H = 7, 3, 2, 4
LAYERS = {
    "simple_rnn": ("rnn", lambda: keras.layers.SimpleRNN(H, return_sequences=True)),
    "simple_rnn_relu": ("rnn_relu", lambda: keras.layers.SimpleRNN(H, activation="relu", return_sequences=True)),
    "lstm": ("lstm", lambda: keras.layers.LSTM(H, return_sequences=True)),
    "gru_reset_after": ("gru", lambda: keras.layers.GRU(H, reset_after=True, return_sequences=True)),
    "gru_reset_before": ("gru_2014", lambda: keras.layers.GRU(H, reset_after=False, return_sequences=True)),
}


def main():
    keras.backend.set_floatx("float64")
    stored = {"keras_version": np.array(keras.__version__)}
    for seed, (name, (cell, make)) in enumerate(LAYERS.items()):
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        layer = make()
        layer.build((B, T, D))
        kernel, recurrent_kernel, bias = layer.get_weights()
        weights = [rng.normal(size=w.shape) for w in (kernel, recurrent_kernel, bias)]
        layer.set_weights(weights)
        x = rng.normal(size=(B, T, D))
        states = [rng.normal(size=(B, H)) * 0.5 for _ in range(2 if cell == "lstm" else 1)]
        h = keras.ops.convert_to_numpy(layer(x, initial_state=[keras.ops.convert_to_tensor(s) for s in states]))
        assert h.dtype == np.float64 and h.shape == (B, T, H)
        fields = dict(zip(("kernel", "recurrent_kernel", "bias"), layer.get_weights(), strict=True))
        fields |= dict(zip(("h0", "c0"), states))
        fields |= {"cell": np.array(cell), "x": x.transpose(1, 0, 2), "h": h.transpose(1, 0, 2)}
        stored |= {f"{name}/{key}": value for key, value in fields.items()}
    path = Path(__file__).with_name("keras.npz")
    np.savez_compressed(path, **stored)
    print(f"{path.name}: {len(LAYERS)} layers, keras {keras.__version__}")


if __name__ == "__main__":
    main()
