"""Benchmarks: `make bench` runs all and writes bench/results/<date>.json and the table in docs."""
