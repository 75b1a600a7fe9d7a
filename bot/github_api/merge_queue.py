"""Merge queues: a pull request's place, the queue's entries, entering and leaving."""

from __future__ import annotations

from bot.core.errors import NotFound
from bot.core.names import CommitSha, HeadSha, PullNumber
from bot.effects.guard import side_effect
from bot.github_api.json_fields import nodes
from bot.github_api.permissions import MERGE
from bot.github_api.records import QueuedPull, QueuePlace
from bot.github_api.repository import RepositoryLink

# REST has no calls for merge queues. https://docs.github.com/en/graphql/reference/objects#mergequeue
PLACE = """
query Place($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { id headRefOid isInMergeQueue merged state isDraft }
  }
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
# `expectedHeadOid` makes GitHub refuse when the head has moved.
# https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest
ENQUEUE = """
mutation Enqueue($pull: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $head}) { mergeQueueEntry { id } }
}
"""
# `id` is the pull request's id, not the entry's.
# https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest
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
            open=found["state"] == "OPEN",
            draft=bool(found["isDraft"]),
        )

    def entries(self, branch: str) -> list[QueuedPull]:
        """The pull requests in a branch's queue, the front first; empty where the branch has no queue."""
        queue = self._link.graphql(ENTRIES, branch=branch).get("mergeQueue") or {}
        entries = [entry for entry in nodes(queue.get("entries")) if entry.get("pullRequest")]
        return [
            QueuedPull(PullNumber(int(entry["pullRequest"]["number"])), HeadSha(entry["pullRequest"]["headRefOid"]))
            for entry in sorted(entries, key=lambda entry: int(entry["position"]))
        ]

    @side_effect
    def enqueue(self, place: QueuePlace, head: HeadSha) -> None:
        """Add a pull request with exactly that head. Raises HeadMoved, NotMergeable, Forbidden or UnknownOutcome."""
        self._link.mutate(ENQUEUE, MERGE, pull=place.node_id, head=head)

    @side_effect
    def dequeue(self, place: QueuePlace) -> None:
        """Remove a pull request. Raises NotMergeable, Forbidden or UnknownOutcome."""
        self._link.mutate(DEQUEUE, MERGE, pull=place.node_id)
