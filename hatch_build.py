"""The parts of the build that `pyproject.toml` cannot say: a wheel has some files in another place than a clone."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLUGIN = "PulumiPlugin.yaml"
CLONE_PYTHON = "../.venv"
INSTALLED_PYTHON = "../../../../.."
"""From `lib/pythonX.Y/site-packages/shoal/components` to the virtual environment."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own configuration type is not public
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what stands under `installed-as`; an editable install reads these files where they are."""
        if version == "standard":
            self.drafts = TemporaryDirectory()
            build_data["force_include"].update(self._copies())

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for this wheel only."""
        if version == "standard":
            self.drafts.cleanup()

    def _copies(self) -> Iterator[tuple[str, str]]:
        """Yield each path in the clone with its place in the wheel: folders as wholes, except that of the plugin."""
        for source, target in self.config["installed-as"].items():
            folder = Path(self.root) / source
            if not (folder / PLUGIN).is_file():
                yield source, target
                continue
            for entry in folder.iterdir():
                if entry.name not in (PLUGIN, "__pycache__"):
                    yield f"{source}/{entry.name}", f"{target}/{entry.name}"
            yield str(self._plugin(folder / PLUGIN)), f"{target}/{PLUGIN}"

    def _plugin(self, file: Path) -> Path:
        """Write the plugin's description as it must be where it is installed: another way leads to its Python."""
        text = file.read_text(encoding="utf-8")
        if CLONE_PYTHON not in text:
            raise ValueError(f"{file} does not name {CLONE_PYTHON}")
        draft = Path(self.drafts.name) / PLUGIN
        draft.write_text(text.replace(CLONE_PYTHON, INSTALLED_PYTHON), encoding="utf-8")
        return draft
