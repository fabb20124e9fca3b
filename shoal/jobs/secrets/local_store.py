"""The secrets of this machine, for tasks on the embedded service: a file each, which only its owner may read."""

import os
import re
from pathlib import Path

from shoal.errors import BadInput
from shoal.service_status import default_state_dir

FOLDER = "secrets"
OWNER_ONLY = 0o600
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def secret_file(name: str) -> Path:
    """Return the file of a secret, whether or not it is there. Raises BadInput for a name that no variable can have."""
    if NAME.fullmatch(name) is None:
        raise BadInput(f"'{name}' cannot be the name of a secret: it has letters, digits and _, and no digit first")
    return default_state_dir() / FOLDER / name


def set_secret(name: str, value: str) -> None:
    """Write the file whole or not at all. Raises BadInput for what an environment variable cannot hold."""
    if not value or "\0" in value:
        raise BadInput(f"the secret '{name}' is empty" if not value else f"the secret '{name}' has a null byte")
    path = secret_file(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
            file.write(value)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def secret_names() -> list[str]:
    folder = default_state_dir() / FOLDER
    return sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name)) if folder.is_dir() else []


def remove_secret(name: str) -> bool:
    """Return False where there is none."""
    try:
        secret_file(name).unlink()
    except FileNotFoundError:
        return False
    return True
