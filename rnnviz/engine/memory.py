"""Keep freed memory in the process."""

import numpy as np

LARGEST = 32 * 2**20
"""glibc's limit for what it takes from its own heap, in bytes (DEFAULT_MMAP_THRESHOLD_MAX in mallopt(3))."""


def keep_freed_memory():
    """Have glibc keep the memory of freed arrays for the next ones, up to twice `LARGEST`.

    Otherwise it hands the memory of every larger array back to the system at once, and the next array is faulted in
    again page by page, which costs more than the arithmetic on it. It learns better from the first large block that is
    freed, so one is; it is never written to, and takes no memory. Elsewhere than on Linux this does nothing.
    """
    np.empty(LARGEST - 2**14, dtype=np.uint8)
