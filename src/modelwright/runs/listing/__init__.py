"""Long lists of runs: any filter, any order, any depth, at the price of a page."""

from modelwright.runs.listing.counting import Count
from modelwright.runs.listing.list_of_runs import (
    RunPage,
    run_count,
    run_page,
    run_tallies,
    users_listed,
)
from modelwright.runs.listing.orders import SORTABLE, Order, Term
from modelwright.runs.listing.places import BadPlaceError, Place
from modelwright.runs.listing.wanted import Wanted

__all__ = [
    "SORTABLE",
    "BadPlaceError",
    "Count",
    "Order",
    "Place",
    "RunPage",
    "Term",
    "Wanted",
    "run_count",
    "run_page",
    "run_tallies",
    "users_listed",
]
