"""A page of the documentation with a table that a benchmark writes."""

import re
from pathlib import Path


def page_write(page: Path, table: str) -> None:
    """Put `table` between the marks of a page, in place of what is there."""
    block = f"<!-- results -->\n{table}\n<!-- /results -->"
    old = re.compile(r"<!-- results -->.*<!-- /results -->", flags=re.DOTALL)
    page.write_text(old.sub(lambda _: block, page.read_text()))
