"""How tests run side by side: as the Makefile has it, and those in a browser one after the other."""

import os

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_xdist_make_scheduler(config, log):
    """All tests in a browser on one worker, since they share a server; each other one wherever there is room."""
    from xdist.scheduler import LoadScopeScheduling

    class Apart(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "browser" if "/browser/" in nodeid else nodeid

    return Apart(config, log)


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            # A busy machine can take longer than a test waits; what fails three times in a row has failed.
            item.add_marker(pytest.mark.flaky(reruns=0))
