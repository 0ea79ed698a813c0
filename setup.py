"""What pyproject.toml cannot say: app.py and pages/ lie at the top, at hand, and are installed as rnnviz.app."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["rnnviz*"]), "rnnviz.app", "rnnviz.app.pages"],
    package_dir={"rnnviz.app": "."},
    script_name="setup.py",  # so that this file itself is not taken for a module of rnnviz.app
)
