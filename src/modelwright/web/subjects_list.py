"""The registry: what is modelled, and which version answers."""

from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from modelwright.registry.models import ModelAlias, ModelVersion, Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import subjects_visible
from modelwright.web.listing import Listing
from modelwright.web.refusal import Refusal, refusals_of
from modelwright.web.runs_list import Column


class SubjectList(Listing[Subject]):
    """The subjects that somebody may see."""

    place = "subjects"
    columns = (
        Column("title", "Model", "title"),
        Column("type", "Type", "model_type"),
        Column("champion", "Answers", "champion", number=True),
        Column("versions", "Versions", "versions", number=True),
        Column("created", "Since", "created_at"),
    )
    titles = {"search": "Search", "type": "Type"}

    def matching(self) -> QuerySet[Subject]:
        """Return them, narrowed by the filters."""
        champions = ModelAlias.objects.filter(subject=OuterRef("pk"), name=CHAMPION)
        versions = (
            ModelVersion.objects.filter(subject=OuterRef("key"))
            .order_by()
            .values("subject")
            .annotate(count=Count("pk"))
        )
        found = subjects_visible(self.user).annotate(
            champion=Subquery(champions.values("version__number")[:1]),
            versions=Subquery(versions.values("count")),
        )
        if kind := self.address.get("type"):
            found = found.filter(model_type=kind)
        if self.search:
            found = found.filter(
                Q(title__icontains=self.search)
                | Q(slug__icontains=self.search)
                | Q(machine__name__icontains=self.search)
            )
        return found

    @property
    def refusals(self) -> dict[UUID, Refusal]:
        """Return which champions of the page that is asked for are refused."""
        return refusals_of(self.rows)
