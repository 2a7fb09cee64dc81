"""The policy of a model type as its page shows it: what it does, what it rules, its turns."""

from functools import cached_property

from django.db.models import QuerySet
from django.urls import reverse

from modelwright.accounts.models import User
from modelwright.automation.models import Loop, Policy, PolicySwitch
from modelwright.automation.policy_selectors import loops_visible
from modelwright.registry.models import Subject
from modelwright.registry.promotion import CHAMPION
from modelwright.registry.selectors import subjects_visible
from modelwright.web.model_titles import MODEL_TITLES, model_title
from modelwright.web.policy_editor import PolicyEditor
from modelwright.web.policy_words import policy_words

MODELS_SHOWN = 12
TURNS_SHOWN = 20


class TypePolicyView:
    """What the page needs.

    Parameters
    ----------
    user : User
        Who looks.
    policy : Policy, optional
        None: it is to be made.
    model_type : str
        What it is, or will be, for.
    """

    def __init__(self, user: User, *, policy: Policy | None = None, model_type: str = "") -> None:
        self.user = user
        self.policy = policy
        self.model_type = policy.model_type if policy else model_type

    @property
    def title(self) -> str:
        """Return whom it is for."""
        return f"All {model_title(self.model_type)} models"

    @cached_property
    def editor(self) -> PolicyEditor:
        """Return the form that changes or makes it."""
        if self.policy is not None:
            action = reverse("policy_save", args=[self.policy.pk])
        else:
            action = f"{reverse('policy_new')}?model_type={self.model_type}"
        return PolicyEditor(
            action=action,
            policy=self.policy,
            model_type=self.model_type,
            models=self._models.filter(aliases__name=CHAMPION),
        )

    @property
    def words(self) -> list[tuple[str, list[str]]]:
        """Return what it does, in words."""
        rows = "readings" if self.editor.reach.of_machines else "actual values"
        return policy_words(self.policy.rules, rows) if self.policy else []

    @cached_property
    def switch(self) -> PolicySwitch | None:
        """Return the kill switch, where it is pulled."""
        return PolicySwitch.objects.first()

    @cached_property
    def ruled(self) -> int:
        """Return how many models it rules."""
        return self._models.filter(policy__isnull=True).count()

    @property
    def ruled_first(self) -> list[Subject]:
        """Return the first of them."""
        return list(self._models.filter(policy__isnull=True)[:MODELS_SHOWN])

    @property
    def with_their_own(self) -> list[Subject]:
        """Return the first models of the type that it doesn't rule."""
        return list(self._models.filter(policy__isnull=False)[:MODELS_SHOWN])

    @property
    def turns(self) -> list[Loop]:
        """Return its newest turns, of those that the reader may see."""
        found = loops_visible(self.user).filter(policy=self.policy).order_by("-started_at")
        return list(found[:TURNS_SHOWN])

    @property
    def _models(self) -> QuerySet[Subject]:
        models = subjects_visible(self.user).filter(model_type=self.model_type)
        return models.order_by("title", "pk")


def types_without() -> list[tuple[str, str]]:
    """Return name and title of the model types that no policy is for."""
    taken = set(Policy.objects.filter(subject=None).values_list("model_type", flat=True))
    return [(name, title) for name, title in MODEL_TITLES.items() if name not in taken]
