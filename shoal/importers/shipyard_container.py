"""The container of a Batch Shipyard task, as the `container` of a stage.

Source: Batch Shipyard, docs/14-batch-shipyard-configuration-jobs.md (2026).
"""

import shlex
from typing import Any

from shoal.errors import BadInput
from shoal.importers.imported import LeftOut
from shoal.importers.source import Source

IN_IMAGE = "container"
"""The value of `default_working_dir` for the directory that the image names; Shipyard's default is the task's."""


def container(task: Source, default_directory: str | None, left_out: list[LeftOut]) -> dict[str, Any] | None:
    """Return the container, and list what its pool and image need; None for a task without an image of docker."""
    directory = task.text("default_working_dir") or default_directory
    image = task.text("docker_image")
    if image is None:
        return None
    left_out.append(LeftOut(key=task.key("docker_image"), reason=_needs(image)))
    content = {"image": image}
    if options := _run_options(task):
        content["run_options"] = shlex.join(options)
    if directory == IN_IMAGE:
        content["working_directory"] = "image"
    return content


def _needs(image: str) -> str:
    return (
        f"the stage has '{image}' as its `container`; the pool must be made for containers "
        f"(`containers: {{images: ['{image}']}}`), and the image needs /bin/sh for a command that is a line"
    )


def _run_options(task: Source) -> list[str]:
    size = task.text("shm_size")
    published = [word for port in task.texts("ports") for word in ("--publish", port)]
    key = "additional_docker_run_options"
    given = [word for option in task.texts(key) for word in _words(option, task.key(key))]
    return [*(["--shm-size", size] if size else []), *published, *given]


def _words(option: str, key: str) -> list[str]:
    try:
        return shlex.split(option)
    except ValueError as exc:
        raise BadInput(f"{key}: '{option}' has a quote that is not closed") from exc
