"""Write the output of `pulumi preview --diff` for the Azure stack, `Pulumi.dev.yaml`: preview_transcript.py FILE

Pulumi's engine runs with the stand-in provider, so no account is needed. The engine prints resources in the order in
which they are registered; here each stands below its parent, so that the same stack gives the same text.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "examples/var/app")
COMMAND = "pulumi preview --diff --stack dev"
BLOCK = re.compile(r"^ *\+ (?P<type>[\w-]+(:[\w-]+)+): \(create\)$")
URN = re.compile(r"^ *\[urn=urn:pulumi:dev::shoal::(?P<types>.+)::(?P<name>.+)]$")
Block = tuple[tuple[list[str], str], list[str]]
"""A sort key, made of the types from the root and the name, and the lines of the resource."""
RANDOM_NAME = re.compile(r'(roleAssignmentName *: )"[0-9a-f-]{36}"')


def main() -> None:
    Path(sys.argv[1]).write_text(f"$ {COMMAND}\n{tidied(preview())}\n")


def preview() -> str:
    """Return the output of the preview. Raises CalledProcessError."""
    with TemporaryDirectory(prefix="shoal-") as directory:
        environment = os.environ | {"SHOAL_STATE": f"{directory}/state"}
        shoal = f"{sys.executable} -m shoal"
        for name in PROGRAM:
            target = Path(directory) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
        try:
            subprocess.run(f"{shoal} local start --port 0", shell=True, env=environment, check=True, stdout=sys.stderr)
            # Without progress, of which a slow machine prints more.
            quiet = f"{COMMAND} --non-interactive --suppress-progress"
            script = f'eval "$({shoal} local env)" && pulumi stack init dev && {quiet}'
            return subprocess.run(
                ["sh", "-c", script], cwd=directory, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout
        finally:
            subprocess.run(f"{shoal} local stop", shell=True, env=environment, check=True, stdout=sys.stderr)


def tidied(printed: str) -> str:
    """Return the resources in order, and the summary, without lines that differ from run to run or do not matter."""
    blocks, rest = _blocks(printed.splitlines())
    summary = rest[next(i for i, line in enumerate(rest) if line.startswith("Resources:")) :]
    lines = [line for _, block in sorted(blocks) for line in block if "[provider=" not in line]
    text = "\n".join([*lines, *summary]).rstrip()
    return RANDOM_NAME.sub(r"\1[random]", text)


def _blocks(lines: list[str]) -> tuple[list[Block], list[str]]:
    """Return the lines of each resource with its place in the tree, and all other lines."""
    blocks: list[Block] = []
    rest: list[str] = []
    current, indent = rest, -1
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if BLOCK.match(line):
            current, indent = [], depth
        elif depth <= indent:
            current, indent = rest, -1
        elif urn := URN.match(line):
            blocks.append(((urn["types"].split("$"), urn["name"]), current))
        current.append(line)
    return blocks, rest


if __name__ == "__main__":
    main()
