"""Limits that the web server names too; it must not load the libraries that keep them."""

PREVIEW_ROWS = 100
PIECE_BYTES = 4 * 1024 * 1024  # of an upload, in one request
