"""Prints config.example.yaml, so that the page is made from the model: `python -m migrator.config`."""

import sys

from migrator.config.example import example

sys.stdout.write(example())
