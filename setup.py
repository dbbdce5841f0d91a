"""Builds outside of the source: what an earlier build left behind would be packed by the next one."""

import tempfile

from setuptools import setup

with tempfile.TemporaryDirectory() as folder:
    setup(options={"build": {"build_base": folder}})
