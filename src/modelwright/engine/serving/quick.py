"""Plain requests for predictions answered as bodies: JSON in, JSON out."""

import json
import math

from modelwright.engine.serving.bodies import ID_DIGITS, QuickTable
from modelwright.engine.serving.predictor import Answer, Predictor


def quick_body(predictor: Predictor, table: QuickTable, *, seed: str, version: int) -> bytes | None:
    """Return the predictions as JSON, a list with one entry a row; None: go the long way.

    Parameters
    ----------
    predictor : Predictor
    table : QuickTable
    seed : str
        As in `quick_id`.
    version : int
        The version's number.

    Raises
    ------
    RowsError
        The rows don't fit the model.
    """
    answer = predictor.answer(table.cells)
    written = _written(answer)
    if written is None:
        return None
    begin = f'{{"prediction_id":"{seed[:-ID_DIGITS]}'
    middle = f'","version":{version},"prediction":'
    rows = [f"{begin}{i:0{ID_DIGITS}x}{middle}{text}}}" for i, text in enumerate(written)]
    return f"[{','.join(rows)}]".encode()


def _written(answer: Answer) -> list[str] | None:
    """Return each row's prediction, and what belongs to it, as JSON without the braces.

    A double's `repr` is its shortest text that reads back as the same bits.
    """
    if answer.labels is None:
        values = answer.values or ()
        return list(map(repr, values)) if all(map(math.isfinite, values)) else None
    quoted = {label: json.dumps(label) for label in set(answer.labels)}
    if not answer.probabilities:
        return [quoted[label] for label in answer.labels]
    if len(set(answer.classes)) != len(answer.classes):
        return None
    names = [f"{json.dumps(name)}:" for name in answer.classes]
    rows = []
    for label, shares in zip(answer.labels, answer.probabilities, strict=True):
        if not all(map(math.isfinite, shares)):
            return None
        pairs = ",".join([name + repr(share) for name, share in zip(names, shares, strict=True)])
        rows.append(f'{quoted[label]},"probabilities":{{{pairs}}}')
    return rows
