"""Limits that the web server names too; it must not load the libraries that keep them."""

PREVIEW_ROWS = 100
