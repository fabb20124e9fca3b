"""The part of the build that `pyproject.toml` cannot say: a wheel has some files in another place than a clone."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own configuration type is not public
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what stands under `installed-as`; an editable install reads these files where they are."""
        if version == "standard":
            build_data["force_include"].update(self.config["installed-as"])
