"""The daily purge takes care of the mirrors on this machine."""

import os
from typing import Any

from bot.sandbox.github.bare import Bare
from tests.journeys.world import World

LONG_AGO = 1_577_836_800


def test_the_purge_tidies_mirrors_and_forgets_those_of_repositories_that_are_gone(world: World) -> None:
    world.script_all()
    world.label_blueprint()
    mirror = world.services.git.mirror(world.repo.id)
    Bare(mirror.path).git("update-ref", "refs/pull/77/head", "refs/heads/main")
    gone = world.settings.data_dir / "mirrors" / "999999.git"
    Bare.create(gone, default_branch="main", hooks=gone / "hooks")
    os.utime(gone, (LONG_AGO, LONG_AGO))

    world.engine.flow.purge()

    assert not gone.exists()
    assert "refs/pull/77/head" not in Bare(mirror.path).refs() and "refs/heads/main" in Bare(mirror.path).refs()
    assert world.services.git.mirror(world.repo.id).tip("main") is not None


def test_an_outage_during_the_purge_forgets_nothing(world: World) -> None:
    kept = world.settings.data_dir / "mirrors" / "999999.git"
    Bare.create(kept, default_branch="main", hooks=kept / "hooks")
    os.utime(kept, (LONG_AGO, LONG_AGO))

    def fail(fault: Any) -> tuple[int, object] | None:
        return (502, {"message": "Server Error"}) if fault.phase == "before" else None

    world.github.on_request(fail)
    world.engine.flow.purge()
    assert kept.exists()
