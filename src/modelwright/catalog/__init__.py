"""Data sets and experiments, and who may see them."""
