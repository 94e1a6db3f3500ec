"""Tests of the scripts: `PYTHONPATH=dev .dev/venv/bin/python -m unittest discover -s dev/stack/tests -t dev`."""
