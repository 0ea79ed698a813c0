"""What each letter of the equations is called, in code, figures and prose alike."""

NAMES = {
    "x": "input",
    "i": "input gate",
    "f": "forget gate",
    "o": "output gate",
    "r": "reset gate",
    "z": "update gate",
    "g": "candidate",
    "n": "candidate",
    "q": "reset state",
    "c": "cell state",
    "h": "hidden state",
}
