"""A/B tests: the list."""

from django.db.models import Q, QuerySet

from modelwright.abtests.models import ABTest
from modelwright.abtests.selectors import ab_tests_visible
from modelwright.web.listing import Listing
from modelwright.web.runs_list import Column


class ABTestList(Listing[ABTest]):
    """The tests that somebody may see."""

    place = "ab_tests"
    columns = (
        Column("name", "Test", "test_name"),
        Column("model", "Model", "subject__title"),
        Column("mode", "How", "mode"),
        Column("status", "Status", "status"),
        Column("verdict", "Verdict", "winner"),
        Column("created", "Since", "started_at"),
    )
    titles = {"search": "Search", "status": "Status", "model": "Model"}
    statuses = tuple(ABTest.Status)

    def matching(self) -> QuerySet[ABTest]:
        """Return them, narrowed by the filters."""
        found = ab_tests_visible(self.user)
        if (status := self.address.get("status")) in ABTest.Status.values:
            found = found.filter(status=status)
        if model := self.address.get("model"):
            found = found.filter(subject__slug=model)
        if self.search:
            found = found.filter(
                Q(test_name__icontains=self.search) | Q(subject__title__icontains=self.search)
            )
        return found
