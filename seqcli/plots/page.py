"""How every page begins that opens without a network."""

from __future__ import annotations

import html


def head(title: str, style: str, *, scripts: bool = False, pictures: bool = False) -> str:
    """Return how a page begins that loads nothing from anywhere; without `scripts` nothing in it may run either."""
    policy = "default-src 'none'; style-src 'unsafe-inline'" + ("; script-src 'unsafe-inline'" if scripts else "")
    policy += "; img-src data:" if pictures else ""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{style}</style>
"""
