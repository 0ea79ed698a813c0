"""What one move of the gain slider costs the server, without a browser: python -m benchmarks.server

The whole script of a page is run, controls included: an upper limit of a move, which runs the fragment alone.
"""

import tracemalloc
from pathlib import Path
from statistics import median
from time import perf_counter

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
SIZES = {"": {}, " largest": {"steps": "1000", "hidden_size": "128"}}


def main():
    for path in ("pages/gradient_flow.py", "pages/inside_the_cell.py"):
        for label, query in SIZES.items():
            page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
            page.switch_page(path)
            for name, value in query.items():
                page.query_params[name] = value
            page.run()
            times = []
            for k in range(15):
                page.session_state["gain"] = 1.0 + 0.01 * k
                start = perf_counter()
                page.run()
                times.append((perf_counter() - start) * 1e3)
            tracemalloc.start()
            page.session_state["gain"] = 2.0
            page.run()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert not page.exception
            print(f"server page={Path(path).stem}{label} ms={median(times):.1f} peak_MB={peak / 1e6:.1f}", flush=True)


if __name__ == "__main__":
    main()
