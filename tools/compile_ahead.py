"""Compile now what else the first search of a forest would wait for."""

import sys

from modelwright.engine.search.evaluators.selfcheck import counting_fault

if fault := counting_fault():
    sys.exit(f"Searches over forests will be slower: {fault}.")
