"""What the words mean, in at most two sentences each, and how a text marks one.

[[gradient]] in a text is a word of the glossary; [[vanish|vanishes]] is one too, shown as "vanishes".
"""

import re

MARK = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")

GLOSSARY = {
    "step": "One position in the sequence: one word, one day. The network reads one at a time.",
    "log axis": "An axis whose marks are 1, 10, 100: equal distances multiply. What is multiplied by the same number "
    "again and again is a straight line on it.",
    "unit": "One number that the network carries from step to step.",
    "hidden state": "All units together at one step, written h. It is the network's memory.",
    "loss": "One number for how wrong the answer is. Training makes it smaller.",
    "gradient": "How much the loss changes if one number in the network changes a little. Learning follows it "
    "downhill.",
    "gain": "A factor on all weights that carry the memory from one step to the next.",
    "tanh": "A curve that squeezes every number into −1 to 1. Near those ends it is flat: a change going in hardly "
    "comes out.",
    "slope": "How much more comes out of a curve if a little more goes in. Where a curve is flat its slope is near 0.",
    "saturated": "A unit near the end of its range, where its curve is flat. Pushing it further hardly changes it.",
    "weight": "A number that says how strongly one unit acts on another. Training changes the weights.",
    "U": "The weights from every unit at one step to every unit at the next. A step back multiplies the gradient by "
    "them.",
    "norm": "The length of a list of numbers: root of the sum of squares. One number for the size of 32.",
    "orthogonal": "Weights that only rotate: no direction grows, none shrinks, before the gain is applied.",
    "vanish": "The gradient becomes too small to learn from on its way back. Here: less than a thousandth is left.",
    "explode": "The gradient becomes too large to learn from on its way back. Here: more than a hundredfold.",
    "seed": "The number that starts the dice. Same seed: same weights, same input.",
    "noise": "Numbers drawn at random, each step anew.",
    "gate": "A number between 0 and 1 that multiplies. 1 lets all through, 0 nothing; the network sets it at every "
    "step.",
    "bias": "A number added before the squeeze: where a gate stands before it has seen anything.",
    "cell state": "A second memory of the LSTM, written c, changed only by multiplying and adding.",
    "forget gate": "What part of the cell state is kept at this step. Badly named: 1 means keep.",
    "update gate": "The GRU's part of the old state that is kept, written z; the rest is replaced.",
    "pre-activation": "The sum before the squeeze.",
    "sigma": "A curve that squeezes any number into 0 to 1, written σ; σ(0) is one half.",
    "candidate": "What could be written into the memory at this step.",
    "input gate": "How much of the candidate is written into the memory at this step.",
    "output gate": "How much of the memory is shown to the outside at this step.",
    "reset gate": "How much of the old state the GRU looks at when it makes its new one.",
    "path": "One way an influence can take from step to step. The gradient is the sum over all paths.",
    "Jacobian": "The table of how each unit now depends on each unit one step ago. Going back one step multiplies by "
    "it.",
    "linear": "Without the squeeze: output is only sums of multiples.",
    "singular value": "How much a table of weights stretches a vector in one step; the largest is that of its best "
    "direction.",
    "eigenvalue": "The factor by which a direction that maps onto itself grows each time; over many steps the largest "
    "wins.",
    "spectral radius": "The size of the largest eigenvalue. It tells where many steps tend to.",
    "Lyapunov exponent": "The mean growth of a direction a step, over many steps, as a natural logarithm. Below 0 it "
    "shrinks, above 0 it grows.",
    "chaos": "The smallest difference grows from step to step, until nothing of it can be foretold. Gradients explode "
    "there.",
    "truncated BPTT": "Backpropagation through time that sends every loss back a fixed number of steps, and no "
    "further.",
    "fold": "Where a resting point that draws in meets one that pushes off, and both are gone. Beyond it the unit runs "
    "somewhere else.",
    "credit": "How much of the error at the end is traced back to an earlier step. A step without credit is not learnt "
    "from.",
    "error surface": "The error for every choice of the weights: ground on which training walks.",
    "update": "One step of training: weights minus learning rate times gradient.",
    "learning rate": "How long a step of training is for a gradient of length 1.",
    "clipping by norm": "If the gradient is longer than the threshold, it is shortened to it. Its direction stays.",
    "threshold": "The length at which clipping begins.",
    "clipping by value": "Every part of the gradient is cut by itself. Where long parts are cut and short ones "
    "are not, the direction turns.",
    "temporal order": "The task: two symbols among noise, far apart; say which came in which order.",
    "layer": "Units side by side that read the same. Each has its own memory.",
    "stacked": "Layers one above the other: the next one reads, at every step, what the one below makes.",
    "residual connection": "What a layer reads is added to what it makes. The gradient has a way past the layer.",
    "bidirectional": "A layer of two halves: one reads from the first step on, the other from the last step back.",
    "lag": "How many steps ago. Lag 0 is now.",
    "held-out": "Sequences that were never trained on; only these count.",
    "accuracy": "The share of right answers.",
    "solved": "At least 99 of 100 held-out sequences are right.",
    "ReLU": "Keeps positive numbers, turns negative ones into 0. It has no flat end upwards, so nothing holds an "
    "explosion.",
    "median": "The middle one: half of all values are smaller.",
    "optimiser": "The rule that turns a gradient into a step.",
    "layer normalisation": "The sums of all units at a step, shifted to mean 0 and divided by their standard "
    "deviation. How large they were is gone.",
    "dropout": "Random units are set to 0 while training, the others enlarged to make up for it.",
    "mask": "The draw of dropout: 0 for what is dropped, a little above 1 for what is kept.",
    "zoneout": "At a step some units, drawn at random, simply stay as they were.",
    "overfitting": "Learning what is special to the examples, not what they share. The training loss falls, the "
    "loss on others rises.",
    "weight decay": "Each update also makes every weight a little smaller, so that none grows without need.",
    "early stopping": "A few examples are set aside; training ends when their loss no longer falls.",
    "ridge": "The dull rule to beat: a weighted sum of a few numbers, fitted with large weights held back.",
    "variance": "How far draws lie from their mean: the mean of the squares of the distances.",
    "Adam": "An optimiser that gives each weight a step of its own length.",
}


def bare(text):
    """The text without its marks, as it is read."""
    return MARK.sub(lambda found: found[2] or found[1], text)


def marked(text, *words):
    """The text with each of these words of the glossary marked where it first stands, in capitals or not."""
    for word in words:
        pattern = re.compile(rf"(?<![\w\[|])({re.escape(word)})(?![\w\]|])", re.IGNORECASE)
        text = pattern.sub(rf"[[{word}|\1]]", text, count=1)
    return text
