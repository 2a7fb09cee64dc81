"""Watching models of tables by what they are asked and answer."""
