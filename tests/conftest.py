"""As the Makefile has it: matrix products on one thread, so that tests side by side do not wait for one another."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
