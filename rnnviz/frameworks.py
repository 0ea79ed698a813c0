"""A network as code for PyTorch and for Keras: a program that makes it, with a dense layer of one output."""

from .cells import find

PYTORCH = {"lstm": ("LSTM", ""), "gru": ("GRU", ""), "rnn": ("RNN", ""), "rnn_relu": ("RNN", ', nonlinearity="relu"')}
"""Cell -> its module, and what else that is given."""

KERAS = {
    "lstm": ("LSTM", ""),
    "gru": ("GRU", ""),
    "gru_2014": ("GRU", ", reset_after=False"),
    "rnn": ("SimpleRNN", ""),
    "rnn_relu": ("SimpleRNN", ', activation="relu"'),
    "rnn_identity": ("SimpleRNN", ', activation="linear"'),
    "rnn_logistic": ("SimpleRNN", ', activation="sigmoid"'),
}
"""The same of Keras."""


def pytorch(config, inputs):
    """Code for what a `NetworkConfig` draws on so many inputs; a comment where PyTorch has no such cell."""
    if config.cell not in PYTORCH:
        return f"# torch.nn has no layer for this cell: {find(config.cell).title}."
    module, more = PYTORCH[config.cell]
    H, both = config.hidden_size, config.directions == "both"
    wide, way = H * (1 + both), ", bidirectional=True" if both else ""
    alone = config.skip == "residual"
    if alone:
        sizes = [inputs] + [wide] * (config.layers - 1)
        layers = [f"            nn.{module}({size}, {H}, batch_first=True{way}{more})," for size in sizes]
        made = ["        self.layers = nn.ModuleList([", *layers, "        ])"]
        runs = [
            "        for layer in self.layers:",
            "            out, _ = layer(x)",
            "            x = out + x if out.shape == x.shape else out  # the connection past the layer",
        ]
    else:
        count = f", num_layers={config.layers}" if config.layers > 1 else ""
        made = [f"        self.layers = nn.{module}({inputs}, {H}{count}, batch_first=True{way}{more})"]
        runs = ["        x, _ = self.layers(x)"]
    return "\n".join(
        [
            "import torch",
            "from torch import nn",
            "",
            "",
            "class Network(nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *made,
            f"        self.dense = nn.Linear({wide}, 1)",
            "",
            f"    def forward(self, x):  # (batch, {config.steps}, {inputs})",
            *runs,
            f"        return self.dense({_read(config, H, 'torch.cat([{}], dim=1)', 'x.mean(dim=1)')})",
            "",
            "",
            "network = Network()",
            "print(network, sum(p.numel() for p in network.parameters()))",
        ]
    )


def keras(config, inputs):
    """The same for Keras."""
    if config.cell not in KERAS:
        return f"# keras.layers has no layer for this cell: {find(config.cell).title}."
    module, more = KERAS[config.cell]
    both, H = config.directions == "both", config.hidden_size
    last_alone = config.read == "ends" or (config.read == "position" and _at_the_end(config) and not both)
    last_alone = last_alone and config.skip == "none"
    lines, wide = [f"inputs = keras.Input(shape=({config.steps}, {inputs}))", "x = inputs"], inputs
    for k in range(1, config.layers + 1):
        every = "" if last_alone and k == config.layers else ", return_sequences=True"
        layer = f"layers.{module}({H}{every}{more})"
        layer = f"layers.Bidirectional({layer})" if both else layer
        past = config.skip == "residual" and wide == H * (1 + both)
        lines.append(f"x = layers.add([{layer}(x), x])" if past else f"x = {layer}(x)")
        wide = H * (1 + both)
    read = "x" if last_alone else _read(config, H, "layers.concatenate([{}])", "layers.GlobalAveragePooling1D()(x)")
    return "\n".join(
        [
            "import keras",
            "from keras import layers",
            "",
            *lines,
            f"outputs = layers.Dense(1)({read})",
            "model = keras.Model(inputs, outputs)",
            "model.summary()",
        ]
    )


def _at_the_end(config):
    return config.loss == "last" or config.loss_step == config.steps


def _read(config, H, joined, mean):
    """What the dense layer reads, in Python. joined: how two parts are put side by side."""
    if config.read == "mean":
        return mean
    if config.read == "ends" and config.directions == "both":
        return joined.format(f"x[:, -1, :{H}], x[:, 0, {H}:]")
    return "x[:, -1]" if config.read == "ends" or _at_the_end(config) else f"x[:, {config.loss_step - 1}]"
