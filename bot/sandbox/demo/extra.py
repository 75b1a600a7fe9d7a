"""The packages that only the sandbox needs: the extra `demo` of pyproject.toml."""

from __future__ import annotations

from importlib import import_module

from bot.core.errors import WrongUse

DEMO_PACKAGES = {"graphql": "graphql-core"}
"""The name to import -> the distribution's name on PyPI."""


def require_demo_extra() -> None:
    """Raise WrongUse, with what to install, where a package of the extra is missing."""
    for module, distribution in DEMO_PACKAGES.items():
        try:
            import_module(module)
        except ModuleNotFoundError:
            raise WrongUse(
                f"`cadence demo` and `cadence sandbox` need {distribution}, which is not installed.",
                remedy="Run: pip install 'cadence-bot[demo]'",
            ) from None
