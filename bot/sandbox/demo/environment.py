"""Everything that one demo runs on: the embedded parts, and a `cadence serve` that is pointed at them."""

from __future__ import annotations

from contextlib import ExitStack

from bot.sandbox.demo.embedded import CADENCE_SLUG, EmbeddedParts
from bot.sandbox.demo.repository_view import RepositoryView, SeenCheck, newest_checks
from bot.sandbox.demo.serve_process import LOG_NAME, ServeProcess, log_tail
from bot.sandbox.github.bare import Bare

READY_SECONDS = 30.0


class DemoEnvironment(EmbeddedParts):
    """The embedded parts with Cadence working on them. Entering also raises ServeFailed."""

    def _start(self, stack: ExitStack) -> None:
        super()._start(stack)
        self.serve = ServeProcess(
            environment={**self._around.environment, **self.settings},
            directory=self.data,
            port=self.serve_port,
            clock=self._around.clock,
        )
        self.serve.start()
        stack.callback(self.serve.stop)
        self.serve.wait_ready(READY_SECONDS)
        self.github.install(self.cadence, self.repository)
        self.view = RepositoryView(self.repository.state, self.github.world.lock, bot_login=f"{CADENCE_SLUG}[bot]")

    def calls(self) -> tuple[int, int, int]:
        """So far: Cadence's GitHub API calls, those of them that create or change something, and answers scripted.

        Minting a token creates no content, and Cadence's GraphQL calls only read.
        """
        own = [request for request in self.github.world.requests if request.app == CADENCE_SLUG]
        reading = ("/access_tokens", "/graphql")
        writing = [one for one in own if one.method != "GET" and not one.path.split("?")[0].endswith(reading)]
        return len(own), len(writing), len(self.model.requests)

    def base_checks(self) -> tuple[SeenCheck, ...]:
        """The newest check runs on the commit that the base branch had at the start."""
        with self.github.world.lock:
            return newest_checks(self.repository.state.check_runs.values(), self._base_tip)

    def bare_merge_base(self, head: str) -> str:
        """The commit of the base at which the work on `head` began."""
        return Bare(self.repository.state.path).text("merge-base", self._base_tip, head).strip()

    def serve_log(self) -> str:
        """The end of what `cadence serve` wrote, `` when it never ran."""
        return log_tail(self.data / LOG_NAME)

    def ci_failures(self) -> tuple[str, ...]:
        """Test runs that the CI could not make or report."""
        return tuple(self._ci.failures) if self._ci else ()
