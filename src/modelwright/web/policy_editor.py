"""The editor of a policy: what its form shows, and what sending it does."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from modelwright.accounts.models import User
from modelwright.automation.models import Policy
from modelwright.automation.policies import (
    WouldHave,
    policy_change,
    policy_create,
    policy_dry_run,
    reach_of,
)
from modelwright.automation.policy_rules import DEFAULTS
from modelwright.core.errors import InvalidInputError, ModelwrightError
from modelwright.core.json_names import names_once
from modelwright.registry.models import Subject
from modelwright.web.model_titles import model_title
from modelwright.web.policy_form import CommonRules, common_rules

DRY_RUN_DAYS = 90


class PolicyEditor:
    """Of the policy of one subject, or of all of a model type.

    Parameters
    ----------
    action : str
        Address that its form goes to.
    policy : Policy, optional
        That holds; that of a type is what a subject's own begins with.
    subject : Subject, optional
    model_type : str
        Where it is for all of a type.
    models : QuerySet of Subject, optional
        What rules for a type can be tried on.

    Attributes
    ----------
    faults : list of (str, list of str)
        Places in the rules that were sent, and what is wrong there.
    made : Policy or None
        What was made.
    would : list of WouldHave or None
        What a dry run has found.
    tried : Subject or None
        What it was made on.
    as_json : bool
        Whether the rules were sent whole.
    """

    days = DRY_RUN_DAYS

    def __init__(
        self,
        *,
        action: str,
        policy: Policy | None,
        subject: Subject | None = None,
        model_type: str = "",
        models: QuerySet[Subject] | None = None,
    ) -> None:
        self.action = action
        self.policy = policy
        self.subject = subject
        self.model_type = model_type
        self.models = models
        self.reach = reach_of(subject, model_type)
        self.is_active = policy is None or policy.is_active
        self.faults: list[tuple[str, list[str]]] = []
        self.made: Policy | None = None
        self.would: list[WouldHave] | None = None
        self.tried = subject
        self.as_json = False
        self._show(policy.rules if policy else DEFAULTS)

    @property
    def own(self) -> Policy | None:
        """Return the policy that saving changes; None: it makes one."""
        inherited = self.subject is not None and self.policy and self.policy.model_type
        return None if inherited else self.policy

    @property
    def metric_example(self) -> str:
        """Return the name of a metric that can be asked for."""
        return "accuracy" if "accuracy" in self.reach.metrics else "rmse"

    def sent(self, posted: Mapping[str, str], user: User) -> bool:
        """Do what a form says; False where its page is to be shown again, with what came of it."""
        self.as_json = posted.get("form") != "common"
        self.is_active = posted.get("is_active") == "yes"
        self.rules_text = posted.get("rules", "")
        try:
            rules = self._rules(posted)
            self._show(rules)
            if posted.get("do") == "dry-run":
                self.tried = self._model(posted.get("on", ""))
                self.would = policy_dry_run(subject=self.tried, rules=rules, days=self.days)
                return False
            self._save(rules, user)
        except ModelwrightError as error:
            faults = error.details if isinstance(error, InvalidInputError) else {"": [str(error)]}
            self.faults = [(place, words) for place, words in faults.items()]
            return False
        return True

    def _rules(self, posted: Mapping[str, str]) -> Any:
        """Return the rules that a form means: some over those that hold, or all as JSON."""
        if self.as_json:
            try:
                return json.loads(posted.get("rules", ""), object_pairs_hook=names_once)
            except (ValueError, RecursionError) as error:
                raise InvalidInputError({"rules": [f"This is no JSON: {error}."]}) from error
        return common_rules(posted, self.policy.rules if self.policy else {})

    def _show(self, rules: Any) -> None:
        self.rules_text = json.dumps(rules, indent=2)
        self.common = CommonRules.of(rules if isinstance(rules, dict) else {})

    def _model(self, slug: str) -> Subject:
        """Return the model that rules are tried on."""
        if self.subject is not None:
            return self.subject
        found = None
        if self.models is not None and "\0" not in slug:
            found = self.models.filter(slug=slug).first()
        if found is None:
            raise InvalidInputError({"": [f"There is no model {slug[:100]!r} to try it on."]})
        return found

    def _save(self, rules: Any, user: User) -> None:
        if self.own is not None:
            policy_change(policy=self.own, user=user, rules=rules, is_active=self.is_active)
            return
        name = self.subject.title if self.subject else f"All {model_title(self.model_type)} models"
        self.made = policy_create(
            name=name[:100],
            subject=self.subject,
            model_type=self.model_type,
            rules=rules,
            user=user,
            is_active=self.is_active,
        )
