"""Synthetic input sequences."""

import numpy as np

from rnnviz.arguments import choice, complaint, whole

SIGNALS = {
    "noise": "Independent standard normal values at every step.",
    "impulse": "1 at the first step, then 0.",
    "step": "0 in the first half, 1 from the middle on.",
    "sine": "A sine wave of amplitude 1 with the chosen period.",
    "square": "+1 for the first half of each period, -1 for the second.",
    "bits": "A pattern of bits repeated, 0 as -1 and 1 as +1.",
}

MAX_BITS = 64
LONGEST = 1_000_000
MAX_CHANNELS = 10_000


def signal(
    kind: str, steps: int, channels: int = 1, *, period: int = 20, bits: str = "1011", seed: int = 0
) -> np.ndarray:
    """Return a synthetic sequence of shape (steps, channels), float64.

    Steps count from 0. "step" is 0 before step `steps // 2` and 1 from that step on.
    "sine" is sin(2 pi t / period) at step t; "square" is +1 while t % period is below
    period / 2, else -1. Spaces in `bits` are ignored. Every channel carries the same
    signal, except that each has its own noise; a longer noise with the same seed and
    channels begins with the shorter one.

    kind: a key of SIGNALS. steps: 1 to 1,000,000. channels: 1 to 10,000. period: in
    steps, 3 to 1,000,000, used by "sine" and "square". bits: 1 to 64 characters 0 or 1, used by "bits".
    seed: at least 0, used by "noise".

    Raises ValueError naming the parameter, for those the chosen kind uses.
    """
    choice("kind", kind, SIGNALS)
    steps = whole("steps", steps, 1, LONGEST)
    channels = whole("channels", channels, 1, MAX_CHANNELS)
    if kind == "noise":
        rng = np.random.default_rng(whole("seed", seed, 0))
        return rng.standard_normal((steps, channels))
    wave = _wave(kind, np.arange(steps), period, bits)
    return np.repeat(wave.astype(np.float64)[:, None], channels, axis=1)


def _wave(kind: str, t: np.ndarray, period: int, bits: str) -> np.ndarray:
    if kind == "impulse":
        return t == 0
    if kind == "step":
        return t >= len(t) // 2
    if kind == "bits":
        pattern = _bits(bits)
        return pattern[t % len(pattern)]
    # A sine of period 2 is sampled only where it crosses zero, hence at least 3.
    phase = t % whole("period", period, 3, LONGEST)
    if kind == "sine":
        return np.sin(2 * np.pi * phase / period)
    return np.where(2 * phase < period, 1.0, -1.0)


def _bits(bits: str) -> np.ndarray:
    pattern = bits.replace(" ", "") if isinstance(bits, str) else ""
    if not 1 <= len(pattern) <= MAX_BITS or not set(pattern) <= {"0", "1"}:
        raise ValueError(complaint("bits", f"1 to {MAX_BITS} characters 0 or 1", bits))
    return np.array([1.0 if bit == "1" else -1.0 for bit in pattern])
