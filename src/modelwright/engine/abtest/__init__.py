"""Tests of one model against another that may be looked at any time.

A loss is what a model's answer to one row costs, the lower the better: the absolute error, 0 or 1
for right or wrong, the Brier score. Champion is ``a``, challenger ``b``; a difference is the loss
of the champion minus that of the challenger, above 0 where the challenger is better.

Examples
--------
>>> from modelwright.engine.abtest import compare
>>> compare([2.0, 1.0, 3.0, 2.5] * 100, [1.0, 0.5, 1.5, 1.0] * 100).verdict
'promote'
"""

from modelwright.engine.abtest.assignment import assign
from modelwright.engine.abtest.choosing import choose_method
from modelwright.engine.abtest.decision import decide
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.guards import GuardResult, Guards, e_bh
from modelwright.engine.abtest.methods import METHODS
from modelwright.engine.abtest.ordering import InOrder, Released
from modelwright.engine.abtest.paired import PairedTest, compare
from modelwright.engine.abtest.planning import Plan, paired_deviation, plan, split_deviation
from modelwright.engine.abtest.ratio import RatioResult, SampleRatio
from modelwright.engine.abtest.results import VERDICTS, ABResult, Interval, Point
from modelwright.engine.abtest.segments import Segments
from modelwright.engine.abtest.split import SplitTest

__all__ = [
    "METHODS",
    "VERDICTS",
    "ABResult",
    "ABTestError",
    "Design",
    "GuardResult",
    "Guards",
    "InOrder",
    "Interval",
    "PairedTest",
    "Plan",
    "Point",
    "RatioResult",
    "Released",
    "SampleRatio",
    "Segments",
    "SplitTest",
    "assign",
    "choose_method",
    "compare",
    "decide",
    "e_bh",
    "paired_deviation",
    "plan",
    "split_deviation",
]
