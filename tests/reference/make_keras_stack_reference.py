"""Make tests/reference/keras_stacks.npz: two recurrent layers of Keras, one above the other, in one direction or both.

Made with keras 3.15.1 on torch 2.13.0+cpu, from the root of the repository, in an environment with both:

    KERAS_BACKEND=torch python tests/reference/make_keras_stack_reference.py

float64 throughout: keras.ops.matmul of keras 3.15.1 computes in float32 even then, so torch's takes its place here.
Keys are "<case>/<field>", plus "keras_version". Fields: cell (the name in rnnviz), both; x (B, T, D), dy, y (B, T, W),
dx; weights_<layer>_<k> as layer.get_weights() gives them (biases set to random numbers), and grad_<layer>_<k>, the
gradients of sum(dy * y).
"""

from pathlib import Path

import keras
import keras.src.backend.torch.numpy
import numpy as np
import torch

keras.src.backend.torch.numpy.matmul = torch.matmul
T, B, D, WIDTHS = 7, 2, 3, (4, 3)
LAYERS = {
    "rnn": lambda H: keras.layers.SimpleRNN(H, return_sequences=True),
    "lstm": lambda H: keras.layers.LSTM(H, return_sequences=True),
    "gru": lambda H: keras.layers.GRU(H, reset_after=True, return_sequences=True),
    "gru_2014": lambda H: keras.layers.GRU(H, reset_after=False, return_sequences=True),
}


def main():
    keras.backend.set_floatx("float64")
    stored = {"keras_version": np.array(keras.__version__)}
    for cell, make in LAYERS.items():
        for both in (False, True):
            rng = np.random.default_rng([len(stored), both])
            layers = [keras.layers.Bidirectional(make(H)) if both else make(H) for H in WIDTHS]
            x = torch.tensor(rng.normal(size=(B, T, D)), requires_grad=True)
            y = x
            for layer in layers:
                layer.build(tuple(y.shape))
                layer.set_weights([rng.normal(size=w.shape) * 0.6 for w in layer.get_weights()])
                y = layer(y)
            dy = rng.normal(size=tuple(y.shape))
            (y * torch.tensor(dy)).sum().backward()
            fields = {"cell": cell, "both": both, "x": x.detach(), "dy": dy, "y": y.detach(), "dx": x.grad}
            for k, layer in enumerate(layers):
                for j, weight in enumerate(layer.trainable_weights):
                    fields |= {f"weights_{k}_{j}": weight.value.detach(), f"grad_{k}_{j}": weight.value.grad}
            stored |= {f"{cell}-{'both' if both else 'forward'}/{n}": np.asarray(a) for n, a in fields.items()}
    path = Path(__file__).with_name("keras_stacks.npz")
    np.savez_compressed(path, **stored)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, keras {keras.__version__}")


if __name__ == "__main__":
    main()
