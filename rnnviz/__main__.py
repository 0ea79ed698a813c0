"""Start the app: rnnviz, or python -m rnnviz, with options of Streamlit's if any, as --server.port 9000."""

import argparse
import os
import sys
from importlib.util import find_spec

from .place import APP

# Read as Python and its C library start, so they are set before; the Makefile says why.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


def command(options):
    """What starts the app with these options of Streamlit's."""
    return [sys.executable, "-m", "streamlit", "run", str(APP / "app.py"), *options]


def addresses(options):
    """Where the app will be, for the one who starts it and for others in the network."""
    from streamlit.net_util import get_internal_ip

    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--server.port", dest="port", default=os.environ.get("STREAMLIT_SERVER_PORT", "8501"))
    port = parser.parse_known_args(options)[0].port
    return f"rnnviz: http://localhost:{port}, and in your network http://{get_internal_ip()}:{port}"


def main():
    """Become Streamlit's server of the app."""
    options = sys.argv[1:]
    if find_spec("streamlit") is None:
        sys.exit(
            "The app needs more than the library does: install it with the extra app, as pip install '.[app]' has it."
        )
    try:
        (APP / "static").mkdir(exist_ok=True)  # filled as pages are opened
    except PermissionError:
        sys.exit(
            f"The app keeps files for the browser in {APP / 'static'}, which may not be made: install it elsewhere."
        )
    if "--help" not in options:
        print(addresses(options), flush=True)
    os.execve(sys.executable, command(options), ENVIRONMENT | os.environ)


if __name__ == "__main__":
    main()
