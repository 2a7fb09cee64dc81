"""Growing a tree by counting or by sorting, whichever is less: see `counted`.

Compiled by numba when it is first used, and kept on disk. Without numba scikit-learn's builder is
used.
"""

from typing import Any

import numpy as np

from modelwright.engine.search.evaluators.counted import (
    DEPTH,
    FEATURE,
    IMPURITY,
    LEFT,
    RIGHT,
    ROWS,
    THRESHOLD,
    Array,
)

numba: Any
try:
    import numba
except ImportError as error:
    numba = None
    MISSING = f"numba can't be used ({error})"[:200]
    CompileError: type[Exception] = RuntimeError
else:
    MISSING = ""
    CompileError = numba.core.errors.NumbaError

FEW_VALUES = 8  # and half as many as rows: no more are counted
INSERTED = 24  # rows; so few are sorted by insertion
CLOSE = np.float32(1e-7)  # nearer values aren't parted
PURE = float(np.finfo(np.float64).eps)
# columns of the rows drawn, and of what waits to be split
ROW, CODE, WEIGHT = range(3)
START, END, LEVEL, PARENT, SIDE, KNOWN = range(6)


def _compiled(function: Any) -> Any:
    if numba is None:
        return function
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # there is no folder to keep it in
        return numba.njit(nogil=True)(function)


@_compiled
def answers(X: Array, nodes: Array, numbers: Array, shares: Array) -> Array:
    found = np.empty((X.shape[0], shares.shape[1]))
    for row in range(X.shape[0]):
        node = 0
        while nodes[node, FEATURE] >= 0:
            goes_left = X[row, nodes[node, FEATURE]] <= numbers[node, THRESHOLD]
            node = nodes[node, LEFT] if goes_left else nodes[node, RIGHT]
        for k in range(shares.shape[1]):
            found[row, k] = shares[node, k]
    return found


@_compiled
def grow(columns: Any, drawn: Array, limits: Any, state: Any, tree: Any) -> int:
    """Fill the three arrays of `tree`, and return how many nodes there are; rearranges `drawn`.

    The order of steps is that of scikit-learn's `DepthFirstTreeBuilder`.
    """
    nodes, numbers, counts = tree
    max_features, min_split, min_leaf, max_depth = limits
    n_features, n_rows, n_classes = columns[0].shape[0], len(drawn), counts.shape[1]
    work = _work(columns[2], n_rows, n_classes)
    features, constant = np.arange(n_features), np.empty(n_features, dtype=np.int64)
    total = np.empty(n_classes, dtype=np.int64)
    whole, _ = _summed(drawn, 0, n_rows, total)
    stack = np.empty((min(max_depth, n_rows) + 3, 6), dtype=np.int64)
    impurities = np.empty(len(stack))
    _push(stack, 0, (0, n_rows, 0, -1, 0, 0))
    top, n_nodes = 1, 0
    while top:
        top -= 1
        start, end, depth, known = (
            stack[top, START], stack[top, END], stack[top, LEVEL], stack[top, KNOWN],
        )  # fmt: skip
        size, node = end - start, n_nodes
        weight, squares = _summed(drawn, start, end, total)
        heavy = float(weight)
        impurity = impurities[top] if node else 1.0 - squares / (heavy * heavy)
        if node:
            nodes[stack[top, PARENT], stack[top, SIDE]] = node
        nodes[node, FEATURE], nodes[node, ROWS], nodes[node, DEPTH] = -1, size, depth
        numbers[node, IMPURITY] = impurity
        for k in range(n_classes):
            counts[node, k] = total[k]
        n_nodes += 1
        if depth >= max_depth or size < max(min_split, 2 * min_leaf) or impurity <= PURE:
            continue
        state, found, feature, split = _best_split(
            columns, drawn, start, end, features, constant, known, max_features, min_leaf,
            (total, weight, squares), state, work,
        )  # fmt: skip
        if feature < 0 or _gained(impurity, heavy, float(whole), split) + PURE < 0.0:
            continue
        _, last, first, gini_left, gini_right, _ = split
        column = columns[1][columns[2][feature] :]
        nodes[node, FEATURE] = feature
        numbers[node, THRESHOLD] = float(column[last]) / 2.0 + float(column[first]) / 2.0
        middle = _parted(columns[0][feature], last, drawn, start, end)
        _push(stack, top, (middle, end, depth + 1, node, RIGHT, known + found))
        _push(stack, top + 1, (start, middle, depth + 1, node, LEFT, known + found))
        impurities[top], impurities[top + 1] = gini_right, gini_left
        top += 2
    return n_nodes


@_compiled
def _work(starts: Array, n_rows: int, n_classes: int) -> Any:
    """Return room to count and to sort in; the counts are 0."""
    most = 0
    for feature in range(len(starts) - 1):
        most = max(most, starts[feature + 1] - starts[feature])
    most = min(most, n_rows // 2 + FEW_VALUES)
    return (
        np.zeros((most, n_classes), dtype=np.int64),
        np.zeros(most, dtype=np.int64),
        np.empty(n_rows, dtype=np.int64),
        np.empty(n_rows, dtype=np.int64),
        np.empty(256, dtype=np.int64),
        np.empty(n_classes, dtype=np.int64),
    )


@_compiled
def _push(stack: Array, top: int, entry: Any) -> None:
    for i in range(6):
        stack[top, i] = entry[i]


@_compiled
def _summed(drawn: Array, start: int, end: int, total: Array) -> Any:
    """Fill in the weight of each class; return the sum of them and that of their squares."""
    for k in range(len(total)):
        total[k] = 0
    for p in range(start, end):
        total[drawn[p, CODE]] += drawn[p, WEIGHT]
    weight, squares = 0, 0
    for k in range(len(total)):
        weight += total[k]
        squares += total[k] * total[k]
    return weight, squares


@_compiled
def _gained(impurity: float, heavy: float, whole: float, split: Any) -> Any:
    """Return how much less impure the sides of a split are, as a share of the whole tree's rows."""
    _, _, _, gini_left, gini_right, weight_left = split
    left, right = float(weight_left), heavy - float(weight_left)
    return (heavy / whole) * (impurity - (right / heavy * gini_right) - (left / heavy * gini_left))


@_compiled
def _parted(place_of: Array, last: int, drawn: Array, start: int, end: int) -> int:
    """Bring the rows of a node that go left to its front, and return where the others begin."""
    while start < end:
        if place_of[drawn[start, ROW]] <= last:
            start += 1
        else:
            end -= 1
            for i in range(3):
                drawn[start, i], drawn[end, i] = drawn[end, i], drawn[start, i]
    return start


@_compiled
def _drawn_number(state: Any) -> Any:
    """Return the next state of scikit-learn's generator (xorshift, 32 bits), and its number."""
    if state == 0:
        state = np.uint32(1)
    state ^= np.uint32(state << np.uint32(13))
    state ^= np.uint32(state >> np.uint32(17))
    state = np.uint32(state ^ np.uint32(state << np.uint32(5)))
    return state, np.int64(state & np.uint32(0x7FFFFFFF))


@_compiled
def _best_split(
    columns: Any, drawn: Array, start: int, end: int, features: Array, constant: Array, known: int,
    max_features: int, min_leaf: int, sums: Any, state: Any, work: Any,
) -> Any:  # fmt: skip
    """Look at columns as scikit-learn's `BestSplitter` does: drawn without repetition.

    `features` has in front those that are known to be constant in the node, of which some were
    drawn, then those found to be constant now, and at its end those that were looked at.

    Returns
    -------
    state : uint32
    found : int
        How many columns were found to be constant.
    feature : int
        The best; -1 where there is none.
    split : tuple
        As `_split_sorted` returns it.
    """
    places, values, starts = columns
    best = (-np.inf, -1, -1, 0.0, 0.0, 0)
    best_feature = -1
    visited, found, drawn_constant, left_to_draw = 0, 0, 0, len(features)
    while left_to_draw > known + found and (
        visited < max_features or visited <= found + drawn_constant
    ):
        visited += 1
        state, number = _drawn_number(state)
        j = drawn_constant + number % (left_to_draw - found - drawn_constant)
        if j < known:
            features[drawn_constant], features[j] = features[j], features[drawn_constant]
            drawn_constant += 1
            continue
        j += found
        feature = features[j]
        is_constant, split = _look(
            places[feature], values[starts[feature] : starts[feature + 1]], drawn[start:end],
            sums, min_leaf, best[0], work,
        )  # fmt: skip
        if is_constant:
            features[j], features[known + found] = features[known + found], features[j]
            found += 1
            continue
        left_to_draw -= 1
        features[left_to_draw], features[j] = features[j], features[left_to_draw]
        if split[0] > best[0]:
            best, best_feature = split, feature
    for i in range(known):
        features[i] = constant[i]
    for i in range(known, known + found):
        constant[i] = features[i]
    return state, found, best_feature, best


@_compiled
def _look(
    place_of: Array, column: Array, node: Array, sums: Any, min_leaf: int, best: float, work: Any
) -> Any:
    """Return whether a column is constant in a node, and its best split if better than `best`."""
    if len(column) <= len(node) // 2 + FEW_VALUES:
        low, high = _count(place_of, node, len(column), work)
        if column[high] > np.float32(column[low] + CLOSE):
            return False, _split_counted(column, low, high, len(node), sums, min_leaf, best, work)
        _forget(low, high, work)
    else:
        low, high = _sort(place_of, node, work)
        if column[high] > np.float32(column[low] + CLOSE):
            return False, _split_sorted(column, node, sums, min_leaf, best, work)
    return True, (best, -1, -1, 0.0, 0.0, 0)


@_compiled
def _count(place_of: Array, node: Array, n_values: int, work: Any) -> Any:
    """Count the classes and rows of each value; return the least and the largest that is there."""
    of_value, rows_of_value = work[0], work[1]
    for p in range(len(node)):
        place = place_of[node[p, ROW]]
        of_value[place, node[p, CODE]] += node[p, WEIGHT]
        rows_of_value[place] += 1
    low, high = 0, n_values - 1
    while rows_of_value[low] == 0:
        low += 1
    while rows_of_value[high] == 0:
        high -= 1
    return low, high


@_compiled
def _forget(low: int, high: int, work: Any) -> None:
    """Set counts to 0."""
    of_value, rows_of_value = work[0], work[1]
    for place in range(low, high + 1):
        rows_of_value[place] = 0
        for k in range(of_value.shape[1]):
            of_value[place, k] = 0


@_compiled
def _sort(place_of: Array, node: Array, work: Any) -> Any:
    """Sort the rows of a node by their places; return the first and the last place.

    A key has the place in its bits from 32 to 47, and where the row stands in the node below. Many
    are sorted by the two digits of their places.
    """
    keys, spare, counts, size = work[2], work[3], work[4], len(node)
    for p in range(size):
        keys[p] = (np.int64(place_of[node[p, ROW]]) << 32) | p
    if size <= INSERTED:
        for i in range(1, size):
            key, j = keys[i], i
            while j > 0 and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                j -= 1
            keys[j] = key
    else:
        _sort_by_digit(keys, spare, counts, size, 32)
        _sort_by_digit(spare, keys, counts, size, 40)
    return keys[0] >> 32, keys[size - 1] >> 32


@_compiled
def _sort_by_digit(keys: Array, sorted_keys: Array, counts: Array, size: int, shift: int) -> None:
    for digit in range(256):
        counts[digit] = 0
    for i in range(size):
        counts[(keys[i] >> shift) & 0xFF] += 1
    before = 0
    for digit in range(256):
        count = counts[digit]
        counts[digit] = before
        before += count
    for i in range(size):
        digit = (keys[i] >> shift) & 0xFF
        sorted_keys[counts[digit]] = keys[i]
        counts[digit] += 1


@_compiled
def _better(
    found: Any, last: int, here: int, weight_left: int, weight: int, squares_left: int,
    squares_right: int,
) -> Any:  # fmt: skip
    """Return the split between two places if its gain is above that of `found`, else `found`.

    Most are refused without a division, where they are surely worse.
    """
    left, right = float(weight_left), float(weight - weight_left)
    least = found[0] + left + right
    if squares_left * right + squares_right * left < least * (1 - 1e-9) * left * right:
        return found
    gini_left = 1.0 - squares_left / (left * left)
    gini_right = 1.0 - squares_right / (right * right)
    gain = -right * gini_right - left * gini_left
    if gain > found[0]:
        return gain, last, here, gini_left, gini_right, weight_left
    return found


@_compiled
def _split_counted(
    column: Array, low: int, high: int, size: int, sums: Any, min_leaf: int, best: float, work: Any
) -> Any:
    """Return the same as `_split_sorted`, from counts; these are 0 afterwards."""
    of_value, rows_of_value, lefts = work[0], work[1], work[5]
    total, weight, squares = sums
    found = (best, -1, -1, 0.0, 0.0, 0)
    for k in range(len(lefts)):
        lefts[k] = 0
    n_left, weight_left, squares_left, squares_right, last = 0, 0, 0, squares, low
    for here in range(low, high + 1):
        rows = rows_of_value[here]
        if rows == 0:
            continue
        is_apart = column[here] > np.float32(column[last] + CLOSE)
        if is_apart and n_left >= min_leaf and size - n_left >= min_leaf:
            found = _better(found, last, here, weight_left, weight, squares_left, squares_right)
        for k in range(len(total)):
            moved = of_value[here, k]
            squares_left += moved * (2 * lefts[k] + moved)
            squares_right -= moved * (2 * (total[k] - lefts[k]) - moved)
            lefts[k] += moved
            weight_left += moved
            of_value[here, k] = 0
        n_left += rows
        rows_of_value[here] = 0
        last = here
    return found


@_compiled
def _split_sorted(
    column: Array, node: Array, sums: Any, min_leaf: int, best: float, work: Any
) -> Any:
    """Return the best split of a column by whose values the rows are sorted, if better than `best`.

    Its gain, the place of the last value on the left, that of the first one on the right, the
    impurities of both sides, and the weight of the left.
    """
    keys, lefts, size = work[2], work[5], len(node)
    total, weight, squares = sums
    found = (best, -1, -1, 0.0, 0.0, 0)
    for k in range(len(lefts)):
        lefts[k] = 0
    weight_left, squares_left, squares_right, last = 0, 0, squares, keys[0] >> 32
    for i in range(size):
        here, p = keys[i] >> 32, keys[i] & 0xFFFFFFFF
        is_apart = here != last and column[here] > np.float32(column[last] + CLOSE)
        if is_apart and i >= min_leaf and size - i >= min_leaf:
            found = _better(found, last, here, weight_left, weight, squares_left, squares_right)
        last = here
        k, moved = node[p, CODE], node[p, WEIGHT]
        squares_left += moved * (2 * lefts[k] + moved)
        squares_right -= moved * (2 * (total[k] - lefts[k]) - moved)
        lefts[k] += moved
        weight_left += moved
    return found
