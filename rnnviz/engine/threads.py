"""Make autograd safe under threads.

autograd 1.9.1 keeps one stack of traces for the whole process: a derivative of a derivative taken in two threads
at once can come out wrong without an error. A stack for each thread mends it (proposed upstream as HIPS/autograd
pull request 659); when autograd has its own, `trace_stack` is no longer a plain TraceStack and nothing is done.
"""

import threading
from contextlib import contextmanager

from autograd import tracer


class _ThreadTraceStack(tracer.TraceStack, threading.local):
    @contextmanager
    def new_trace(self):
        """As autograd's, but one that ends with an error as well."""
        self.top += 1
        try:
            yield self.top
        finally:
            self.top -= 1


def isolate_threads():
    """Give every thread its own autograd trace stack. Doing it twice changes nothing."""
    if type(tracer.trace_stack) is tracer.TraceStack:
        tracer.trace_stack = _ThreadTraceStack()
