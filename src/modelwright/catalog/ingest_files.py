"""Which files of readings can be read, by the ends of their names."""

from modelwright.catalog.errors import ReadingsRefusedError
from modelwright.catalog.ingest_parse import Feed, feed_csv, feed_json_lines, feed_json_list

FEEDS: dict[str, Feed] = {
    ".csv": feed_csv,
    ".tsv": feed_csv,
    ".txt": feed_csv,
    ".ndjson": feed_json_lines,
    ".jsonl": feed_json_lines,
    ".json": feed_json_list,
}
PARQUET = (".parquet", ".pq")


def feed_for(name: str) -> Feed:
    """Return what reads a file of that name.

    Raises
    ------
    ReadingsRefusedError
        Files of this kind can't be read.
    """
    ending = next((ending for ending in FEEDS if name.lower().endswith(ending)), None)
    if ending is None:
        raise ReadingsRefusedError(
            f"Files of this kind can't be read: give one that ends in {', '.join(FEEDS)}."
        )
    return FEEDS[ending]
