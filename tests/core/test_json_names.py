"""Names of JSON that come twice: refused, however many there are."""

import json
import time

import pytest

from modelwright.core.json_names import names_once


def test_each_name_once_is_as_ever() -> None:
    text = '{"a": 1, "b": {"a": [{}]}}'
    assert json.loads(text, object_pairs_hook=names_once) == json.loads(text)


def test_one_of_very_many_is_found_in_time() -> None:
    text = "{" + ", ".join(f'"n{n}": 1' for n in range(100_000)) + ', "n99999": 2}'
    begun = time.process_time()
    with pytest.raises(ValueError, match="'n99999' comes twice"):
        json.loads(text, object_pairs_hook=names_once)
    assert time.process_time() - begun < 5, "minutes, were each looked for among all"
