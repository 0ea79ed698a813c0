"""How tests run side by side: as the Makefile has it, and those in a browser in two halves."""

import os
from zlib import crc32

import pytest
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# How long a test takes is for the benchmarks to say.
settings.register_profile("at any pace", deadline=None)
settings.load_profile("at any pace")

HEAPS = 150
"""Of tests without a browser, handed out as wholes: each has fewer tests than a half of those in a browser has."""

LESSONS = ("test_course.py", "test_unrolled.py", "test_lessons.py")
"""Which take about as long as the other tests in a browser."""


def pytest_xdist_make_scheduler(config, log):
    """Tests in a browser in two halves, which share a server and a browser each; each other one where there is room."""
    from xdist.scheduler import LoadScopeScheduling

    class Apart(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            if "/browser/" not in nodeid:
                # Alone, each would be waited for: a worker is given no more than two at a time.
                return f"heap {crc32(nodeid.encode()) % HEAPS}"
            return "browser, lessons" if nodeid.split("::")[0].endswith(LESSONS) else "browser, pages"

    return Apart(config, log)


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            # A busy machine can take longer than a test waits; what fails three times in a row has failed.
            item.add_marker(pytest.mark.flaky(reruns=2))
