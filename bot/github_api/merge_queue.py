"""Merge queues, which only GraphQL knows: a pull request's place, who else is in it, entering and leaving.

Source: GitHub's GraphQL reference (`enqueuePullRequest`, `dequeuePullRequest`, `MergeQueue`).
"""

from __future__ import annotations

from bot.core.errors import NotFound
from bot.core.names import CommitSha, HeadSha, PullNumber
from bot.effects.guard import side_effect
from bot.github_api.permissions import MERGE
from bot.github_api.records import QueuedPull, QueuePlace
from bot.github_api.repository import RepositoryLink

PLACE = """
query Place($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { id headRefOid isInMergeQueue merged } }
}
"""
ENTRIES = """
query Entries($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    mergeQueue(branch: $branch) {
      entries(first: 100) { nodes { position pullRequest { number headRefOid author { login __typename } } } }
    }
  }
}
"""
ENQUEUE = """
mutation Enqueue($pull: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $head}) { mergeQueueEntry { id } }
}
"""
DEQUEUE = """
mutation Dequeue($pull: ID!) { dequeuePullRequest(input: {id: $pull}) { mergeQueueEntry { id } } }
"""


class MergeQueueCalls:
    """The merge queues of one repository."""

    def __init__(self, link: RepositoryLink) -> None:
        self._link = link

    def place(self, number: PullNumber) -> QueuePlace:
        """Whether a pull request is queued or merged. Raises NotFound when it is gone."""
        found = self._link.graphql(PLACE, number=int(number)).get("pullRequest")
        if found is None:
            raise NotFound(f"pull request #{number} does not exist, or is not visible to this installation")
        return QueuePlace(
            node_id=str(found["id"]),
            head=HeadSha(CommitSha(str(found["headRefOid"]))),
            queued=bool(found["isInMergeQueue"]),
            merged=bool(found["merged"]),
        )

    def entries(self, branch: str) -> list[QueuedPull]:
        """Who is in a branch's queue, the front first; nobody where there is no queue."""
        queue = self._link.graphql(ENTRIES, branch=branch).get("mergeQueue") or {}
        nodes = [node for node in (queue.get("entries") or {}).get("nodes") or [] if node and node.get("pullRequest")]
        return [
            QueuedPull(PullNumber(int(node["pullRequest"]["number"])), HeadSha(node["pullRequest"]["headRefOid"]))
            for node in sorted(nodes, key=lambda node: int(node["position"]))
        ]

    @side_effect
    def enqueue(self, place: QueuePlace, head: HeadSha) -> None:
        """Put it in, with exactly that head. Raises HeadMoved, NotMergeable, Forbidden or UnknownOutcome."""
        self._link.mutate(ENQUEUE, MERGE, pull=place.node_id, head=head)

    @side_effect
    def dequeue(self, place: QueuePlace) -> None:
        """Take it out. Raises NotMergeable, Forbidden or UnknownOutcome."""
        self._link.mutate(DEQUEUE, MERGE, pull=place.node_id)
