"""Keep freed memory in the process."""

import ctypes

KEPT = 2**30
"""Bytes of freed memory that the process keeps at most: enough for the largest recording that the pages ask for."""

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Names of glibc's options, from malloc.h."""


def keep_freed_memory():
    """Have glibc keep the memory of freed arrays for the next ones.

    Otherwise it hands the memory of every larger array back to the system at once, and the next array is faulted in
    again page by page, which costs more than the arithmetic on it. Three options are needed: keep up to `KEPT` bytes;
    take no array straight from the system, as those are handed back whatever else holds; and have one heap for all
    threads, as the others are kept small. A thread that has a heap already keeps it, so `make run` sets the last option
    before Python starts. The price: a process that once was large stays so, up to `KEPT`. Without glibc nothing is
    done.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for option, value in ((TRIM_THRESHOLD, KEPT), (MMAP_MAX, 0), (ARENA_MAX, 1)):
        mallopt(option, value)
