"""Where the app lies: its pages are at the top of the repository, and in an installed package beside this file."""

from pathlib import Path

INSTALLED = Path(__file__).parent / "app"
"""Made by setup.py."""

APP = INSTALLED if INSTALLED.is_dir() else Path(__file__).parents[1]
"""The folder of app.py, pages/, .streamlit/ and static/."""
