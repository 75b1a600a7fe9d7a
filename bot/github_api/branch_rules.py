"""What rulesets and classic branch protection require of a branch, as far as this App may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import Forbidden, NotFound, Unprocessable
from bot.core.json_types import JsonDict
from bot.github_api.json_fields import app_id_of
from bot.github_api.permissions import PROTECTION_READ
from bot.github_api.records import AppIdentity, BranchRules, RequiredCheck
from bot.github_api.repository import RepositoryLink

ALL_METHODS = frozenset({"merge", "squash", "rebase"})

# The types of rules that the gate checks itself.
# https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
CHECKED = frozenset(
    {"pull_request", "required_status_checks", "merge_queue", "required_linear_history", "required_signatures"}
)
# Types that no merge of a pull request can break, and `update`, which has a field of its own.
IRRELEVANT = frozenset({"creation", "deletion", "non_fast_forward", "copilot_code_review", "update"})
# Values of `current_user_can_bypass` with which GitHub merges a pull request against the ruleset.
# https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset
BYPASSING = frozenset({"always", "pull_requests_only", "pull_request", "exempt"})


@dataclass(frozen=True, slots=True)
class _Classic:
    """Classic protection. `readable`: nothing else of it can exist that this App does not see."""

    checks: tuple[RequiredCheck, ...] = ()
    readable: bool = True
    strict: bool = False
    approvals: int = 0
    code_owner: bool = False
    last_push_approval: bool = False
    conversations: bool = False
    signatures: bool = False
    linear_history: bool = False
    restricted: bool = False
    locked: bool = False


class BranchRuleCalls:
    """Reads the rules of one repository's branches."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def rules(self, branch: str) -> BranchRules:
        """Rulesets and classic protection of a branch, combined: GitHub applies both, the stricter one of each kind.

        Without `administration: read` classic protection shows only its required checks, and `readable` is False.
        """
        rulesets, seen = self._rulesets(branch)
        classic = self._classic(branch)
        kinds = {str(rule["type"]) for rule in rulesets}

        def parameters_of(kind: str) -> list[dict[str, Any]]:
            return [rule.get("parameters") or {} for rule in rulesets if rule["type"] == kind]

        pulls, statuses = parameters_of("pull_request"), parameters_of("required_status_checks")

        def requires(name: str) -> bool:
            return any(parameters.get(name) for parameters in pulls)

        methods = ALL_METHODS
        for parameters in pulls:
            # An absent list allows every method.
            methods &= frozenset(parameters.get("allowed_merge_methods") or ALL_METHODS)
        checks = [
            RequiredCheck(str(check["context"]), app_id_of(check.get("integration_id")))
            for parameters in statuses
            for check in parameters.get("required_status_checks") or ()
        ]
        queue_methods = [str(one.get("merge_method") or "").lower() for one in parameters_of("merge_queue")]
        unchecked = tuple(sorted(kinds - CHECKED - IRRELEVANT))
        return BranchRules(
            required_checks=tuple(dict.fromkeys([*checks, *classic.checks])),
            required_approvals=max(
                [classic.approvals, *(int(one.get("required_approving_review_count") or 0) for one in pulls)]
            ),
            strict=classic.strict or any(one.get("strict_required_status_checks_policy") for one in statuses),
            allowed_methods=methods,
            merge_queue="merge_queue" in kinds,
            queue_method=next(filter(None, queue_methods), ""),
            linear_history=classic.linear_history or "required_linear_history" in kinds,
            conversations=classic.conversations or requires("required_review_thread_resolution"),
            code_owner=classic.code_owner or requires("require_code_owner_review"),
            last_push_approval=classic.last_push_approval or requires("require_last_push_approval"),
            signatures=classic.signatures or "required_signatures" in kinds,
            update="update" in kinds,
            restricted=classic.restricted,
            locked=classic.locked,
            unchecked=unchecked,
            may_bypass=self._may_bypass([rule for rule in rulesets if rule["type"] in {*unchecked, "update"}]),
            readable=seen and classic.readable,
        )

    def _rulesets(self, branch: str) -> tuple[list[JsonDict], bool]:
        """Every active rule of the repository's and the organisation's rulesets, and whether they could be read."""
        # Classic protection is not in this list. https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
        try:
            return list(self._link.listed("/repos/{owner}/{repo}/rules/branches/{branch}", branch=branch)), True
        except Forbidden as error:
            # A plan without rulesets answers 403 with an invitation to upgrade: there are none.
            return [], "upgrade to" in error.summary.lower()
        except NotFound:
            # An older GitHub Enterprise Server does not know the endpoint.
            return [], False

    def _may_bypass(self, rules: Sequence[JsonDict]) -> bool | None:
        """Whether GitHub lets this App merge against one of the rulesets of these rules; None: not known."""
        answers: list[bool | None] = []
        for ruleset in dict.fromkeys(rule.get("ruleset_id") for rule in rules):
            bypass = None
            if ruleset is not None:
                try:
                    # https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset
                    data = self._link.read("/repos/{owner}/{repo}/rulesets/{ruleset_id}", ruleset_id=ruleset)
                    bypass = data.get("current_user_can_bypass")
                except (NotFound, Forbidden):
                    # A ruleset of the organisation may not be readable here.
                    pass
            answers.append(bypass in BYPASSING if bypass else None)
        if True in answers:
            return True
        return None if None in answers else False

    def _classic(self, branch: str) -> _Classic:
        """All of classic protection where the App may read it, else what the branch itself shows."""
        if self._identity.permissions.get("administration") in ("read", "write"):
            try:
                # https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection
                data = self._link.read(
                    "/repos/{owner}/{repo}/branches/{branch}/protection", PROTECTION_READ, branch=branch
                )
                return _classic_protection(data, self._identity)
            except NotFound as error:
                # 404 has three meanings here: no protection ("Branch not protected"), no access, no branch.
                if "branch not protected" in error.summary.lower():
                    return _Classic()
            except (Forbidden, Unprocessable):
                # The App asks for the permission and this installation has not accepted it: read the branch instead.
                pass
        try:
            # With `contents: read` alone this shows the required checks, and whether there is protection at all.
            # https://docs.github.com/en/rest/branches/branches#get-a-branch
            data = self._link.read("/repos/{owner}/{repo}/branches/{branch}", branch=branch)
        except NotFound:
            return _Classic(readable=False)
        protection = data.get("protection") or {}
        return _Classic(_classic_checks(protection), readable=not protection.get("enabled"))


def _classic_protection(data: JsonDict, identity: AppIdentity) -> _Classic:
    # https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches
    reviews = data.get("required_pull_request_reviews") or {}
    restrictions = data.get("restrictions")
    apps = {app.get("id") for app in (restrictions or {}).get("apps") or ()}

    def enabled(name: str) -> bool:
        return bool((data.get(name) or {}).get("enabled"))

    return _Classic(
        checks=_classic_checks(data),
        strict=bool((data.get("required_status_checks") or {}).get("strict")),
        approvals=int(reviews.get("required_approving_review_count") or 0),
        code_owner=bool(reviews.get("require_code_owner_reviews")),
        last_push_approval=bool(reviews.get("require_last_push_approval")),
        conversations=enabled("required_conversation_resolution"),
        signatures=enabled("required_signatures"),
        linear_history=enabled("required_linear_history"),
        # Null means that everyone with write access may push; a list, even an empty one, names all who may.
        restricted=restrictions is not None and identity.app_id not in apps,
        locked=enabled("lock_branch"),
    )


def _classic_checks(protection: JsonDict) -> tuple[RequiredCheck, ...]:
    # GitHub lists a check twice: in `checks` with its App, and as a bare name in the older `contexts`.
    # https://docs.github.com/en/rest/branches/branch-protection#get-status-checks-protection
    required = protection.get("required_status_checks") or {}
    checks = [RequiredCheck(str(one["context"]), app_id_of(one.get("app_id"))) for one in required.get("checks") or ()]
    names = {check.name for check in checks}
    return (*checks, *(RequiredCheck(str(name), None) for name in required.get("contexts") or () if name not in names))
