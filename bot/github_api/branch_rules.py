"""What rulesets and classic protection ask of a branch, as far as this App may read them.

Sources: GitHub's REST pages "Rules" (`GET /rules/branches/{branch}` lists every active rule but classic protection),
"Repository rulesets" (`current_user_can_bypass`) and "Protected branches".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors import Forbidden, NotFound, Unprocessable
from bot.core.json_types import JsonDict
from bot.core.names import AppId
from bot.github_api.permissions import PROTECTION_READ
from bot.github_api.records import AppIdentity, BranchRules, RequiredCheck
from bot.github_api.repository import RepositoryLink

ALL_METHODS = frozenset({"merge", "squash", "rebase"})

CHECKED = frozenset(
    {"pull_request", "required_status_checks", "merge_queue", "required_linear_history", "required_signatures"}
)
"""Types of rules that the gate checks itself."""
OF_NO_CONCERN = frozenset({"creation", "deletion", "non_fast_forward", "copilot_code_review", "update"})
"""Types that no merge of a pull request can break, and `update`, which has a field of its own."""
BYPASSING = frozenset({"always", "pull_requests_only", "pull_request", "exempt"})


@dataclass(frozen=True, slots=True)
class _Classic:
    """Classic protection; `readable` says that nothing else of it can be there unseen."""

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
        """Rulesets and classic protection of a branch taken together.

        Without `administration: read` classic protection shows only its required checks; GitHub enforces the rest at
        the merge, and then `readable` is False.
        """
        rulesets, seen = self._rulesets(branch)
        classic = self._classic(branch)
        kinds = {str(rule["type"]) for rule in rulesets}
        of_pulls = [rule.get("parameters") or {} for rule in rulesets if rule["type"] == "pull_request"]
        unchecked = tuple(sorted(kinds - CHECKED - OF_NO_CONCERN))
        methods = ALL_METHODS
        for parameters in of_pulls:
            methods &= frozenset(parameters.get("allowed_merge_methods") or ALL_METHODS)

        def asks(word: str) -> bool:
            return any(bool(parameters.get(word)) for parameters in of_pulls)

        approvals = [int(parameters.get("required_approving_review_count") or 0) for parameters in of_pulls]
        checks = [check for rule in rulesets for check in _required(rule)]
        return BranchRules(
            required_checks=tuple(dict.fromkeys([*checks, *classic.checks])),
            required_approvals=max([classic.approvals, *approvals]),
            strict=classic.strict or any(_is_strict(rule) for rule in rulesets),
            allowed_methods=methods,
            merge_queue="merge_queue" in kinds,
            queue_method=_queue_method(rulesets),
            linear_history=classic.linear_history or "required_linear_history" in kinds,
            conversations=classic.conversations or asks("required_review_thread_resolution"),
            code_owner=classic.code_owner or asks("require_code_owner_review"),
            last_push_approval=classic.last_push_approval or asks("require_last_push_approval"),
            signatures=classic.signatures or "required_signatures" in kinds,
            update="update" in kinds,
            restricted=classic.restricted,
            locked=classic.locked,
            unchecked=unchecked,
            may_bypass=self._may_bypass([r for r in rulesets if r["type"] in {*unchecked, "update"}]),
            readable=seen and classic.readable,
        )

    def _rulesets(self, branch: str) -> tuple[list[JsonDict], bool]:
        """Every active rule, and whether they could be read. Plans without rulesets answer 403, old servers 404."""
        try:
            return list(self._link.listed("/repos/{owner}/{repo}/rules/branches/{branch}", branch=branch)), True
        except Forbidden as error:
            return [], "upgrade to" in error.summary.lower()
        except NotFound:
            return [], False

    def _may_bypass(self, rules: Sequence[JsonDict]) -> bool | None:
        """Whether GitHub would let this App pass one of the rulesets that these rules belong to; None: not told."""
        answers: list[bool | None] = []
        for ruleset in dict.fromkeys(rule.get("ruleset_id") for rule in rules):
            answers.append(self._bypasses(ruleset) if ruleset is not None else None)
        if True in answers:
            return True
        return None if None in answers else False

    def _bypasses(self, ruleset: int) -> bool | None:
        try:
            data = self._link.read("/repos/{owner}/{repo}/rulesets/{ruleset_id}", ruleset_id=ruleset)
        except (NotFound, Forbidden):
            return None
        told = data.get("current_user_can_bypass")
        return told in BYPASSING if told else None

    def _classic(self, branch: str) -> _Classic:
        """All of classic protection where the App may read it, else what the branch itself shows."""
        if self._identity.permissions.get("administration") in ("read", "write"):
            try:
                data = self._link.read(
                    "/repos/{owner}/{repo}/branches/{branch}/protection", PROTECTION_READ, branch=branch
                )
                return _whole(data, self._identity)
            except NotFound as error:
                if "branch not protected" in error.summary.lower():
                    return _Classic()
            except (Forbidden, Unprocessable):
                # This installation has not accepted the permission that the App asks for: the branch tells the rest.
                pass
        return self._of_the_branch(branch)

    def _of_the_branch(self, branch: str) -> _Classic:
        try:
            data = self._link.read("/repos/{owner}/{repo}/branches/{branch}", branch=branch)
        except NotFound:
            return _Classic(readable=False)
        protection = data.get("protection") or {}
        return _Classic(_checks(protection), readable=not protection.get("enabled"))


def _whole(data: JsonDict, identity: AppIdentity) -> _Classic:
    reviews = data.get("required_pull_request_reviews") or {}
    restrictions = data.get("restrictions")
    apps = {app.get("id") for app in (restrictions or {}).get("apps") or ()}

    def enabled(word: str) -> bool:
        return bool((data.get(word) or {}).get("enabled"))

    return _Classic(
        checks=_checks(data),
        strict=bool((data.get("required_status_checks") or {}).get("strict")),
        approvals=int(reviews.get("required_approving_review_count") or 0),
        code_owner=bool(reviews.get("require_code_owner_reviews")),
        last_push_approval=bool(reviews.get("require_last_push_approval")),
        conversations=enabled("required_conversation_resolution"),
        signatures=enabled("required_signatures"),
        linear_history=enabled("required_linear_history"),
        restricted=restrictions is not None and identity.app_id not in apps,
        locked=enabled("lock_branch"),
    )


def _checks(protection: JsonDict) -> tuple[RequiredCheck, ...]:
    """Both spellings of classic protection's checks: with their App, and as bare names."""
    asked = protection.get("required_status_checks") or {}
    checks = [RequiredCheck(str(one["context"]), _app(one.get("app_id"))) for one in asked.get("checks") or ()]
    named = {check.name for check in checks}
    return (*checks, *(RequiredCheck(str(name), None) for name in asked.get("contexts") or () if name not in named))


def _required(rule: JsonDict) -> list[RequiredCheck]:
    if rule["type"] != "required_status_checks":
        return []
    asked = (rule.get("parameters") or {}).get("required_status_checks") or ()
    return [RequiredCheck(str(one["context"]), _app(one.get("integration_id"))) for one in asked]


def _is_strict(rule: JsonDict) -> bool:
    return bool((rule.get("parameters") or {}).get("strict_required_status_checks_policy"))


def _app(number: int | None) -> AppId | None:
    """A rule's source App; null and -1 both mean any."""
    return AppId(int(number)) if number is not None and int(number) > 0 else None


def _queue_method(rules: Sequence[JsonDict]) -> str:
    """How the branch's merge queue merges, in the words of the merge call; empty where there is no queue."""
    told = [(rule.get("parameters") or {}).get("merge_method") for rule in rules if rule["type"] == "merge_queue"]
    return next((str(method).lower() for method in told if method), "")
