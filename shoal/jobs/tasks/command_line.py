"""The command line of a task: under a shell where the command is a string, without one where it is a list."""

import shlex

from shoal.environment import Package
from shoal.jobs.binding.bound_job import BoundStage, Maker, TaskField
from shoal.jobs.file import templates
from shoal.jobs.file.document import as_text
from shoal.jobs.file.templates import Names
from shoal.jobs.file.values import Scalar
from shoal.jobs.secrets.exports import secret_exports
from shoal.jobs.tasks.stage_folders import folder_moves

EXEC_ARGUMENTS = 'exec "$@"'


def command_line(stage: BoundStage) -> TaskField:
    command = stage.spec.command
    if isinstance(command, str):
        return _under_shell(stage, command.strip())
    return _without_shell(stage, command)


def written_command(stage: BoundStage) -> Maker:
    """Return a maker of the command as it stands in the job file, with a task's values in it."""
    command, place = stage.spec.command, stage.place("command")
    if isinstance(command, str):
        return templates.command(command.strip(), place).render
    words = [templates.text(as_text(word), place) for word in command]
    return lambda names: shlex.join([word.render(names) for word in words])


def _under_shell(stage: BoundStage, command: str) -> TaskField:
    """Source: Batch REST, Task - Create, `commandLine`: it does not run under a shell by itself."""
    line = templates.command(command, stage.place("command"))
    # Otherwise the exit code of the last line would hide a failure of those before it.
    stops_at_first_failure = "set -e; " if "\n" in command else ""
    exports = "".join(f"{_exported(name, package)}; " for name, package in stage.packages.items())
    prologue, moves = stops_at_first_failure + exports + secret_exports(stage.job), folder_moves(stage)

    def make(names: Names) -> str:
        return f"/bin/{stage.shell} -c " + shlex.quote(prologue + moves.render(names) + line.render(names))

    return stage.field(make, is_constant=line.constant is not None and moves.constant is not None)


def _exported(name: str, package: Package) -> str:
    """The variable of a package, by its name in capitals and without its version, however the node spells its own.

    Source: "Deploy applications to compute nodes with Batch application packages": on Linux a task that pins a version
    finds AZ_BATCH_APP_PACKAGE_{application}_{version}, `.`, `-` and `#` as `_`, with the case of the id; the name
    without a version is there only where the pool has a default one.
    """
    plain = f"AZ_BATCH_APP_PACKAGE_{_variable_part(name).upper()}"
    path = f"${plain}"
    for spelling in reversed(_spellings(package)):
        path = f"${{{spelling}:-{path}}}"
    return f'export {plain}="{path}"'


def _spellings(package: Package) -> list[str]:
    """Return the variable's name in both cases that nodes were seen to use, which are one for a name without capitals.

    Source: MicrosoftDocs/azure-docs issue 41768 (2019) saw the case kept; issue 50383 (2020), and with it the article
    "Azure Batch runtime environment variables", lower case.
    """
    kept = _variable_part(f"{package.application}_{package.version}")
    return [f"AZ_BATCH_APP_PACKAGE_{part}" for part in dict.fromkeys((kept, kept.lower()))]


def _variable_part(name: str) -> str:
    return name.translate(str.maketrans(".-#", "___"))


def _without_shell(stage: BoundStage, words: list[Scalar]) -> TaskField:
    place = stage.place("command")
    compiled = [templates.text(as_text(word), place) for word in words]
    moves, secrets = folder_moves(stage), secret_exports(stage.job)

    def make(names: Names) -> str:
        line = shlex.join([word.render(names) for word in compiled])
        before = secrets + moves.render(names)
        # The shell that reads secrets and moves folders hands its place and the words, as they are, to the command.
        return f"/bin/sh -c {shlex.quote(before + EXEC_ARGUMENTS)} sh {line}" if before else line

    return stage.field(make, is_constant=all(part.constant is not None for part in [*compiled, moves]))
