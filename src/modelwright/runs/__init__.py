"""The life of every job: queue, claim, progress, sign of life, cancel, limits, sweep."""
