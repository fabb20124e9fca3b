"""The steps of a deployment as the commands print them: a line for each change, a summary, or JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from shoal.deploy.steps import ResourceStep

SIGNS = {"create": "+", "import": "=", "update": "~", "replace": "+-", "delete": "-"}
DONE = {"create": "created", "import": "imported", "update": "updated", "replace": "replaced", "delete": "deleted"}


def show_step(step: "ResourceStep", *, planned: bool) -> None:
    if step.operation == "same":
        return
    done = f"to be {DONE[step.operation]}" if planned else DONE[step.operation]
    diff = f"  [diff: {', '.join(map(str, step.changes))}]" if step.changes else ""
    click.echo(f" {SIGNS[step.operation]:<2} {step.label} {done}{diff}")


def show_summary(steps: "Sequence[ResourceStep]", *, planned: bool) -> None:
    counts = {name: sum(step.operation == name for step in steps) for name in (*SIGNS, "same")}
    if len(steps) == counts["same"]:
        click.echo(f"No changes: all {counts['same']} resources are as declared.")
    else:
        changed = [f"{counts[name]} {'to be ' if planned else ''}{DONE[name]}" for name in SIGNS if counts[name]]
        click.echo(f"{', '.join(changed)}, {counts['same']} unchanged.")


def steps_json(steps: "Sequence[ResourceStep]") -> dict[str, Any]:
    """Return the changes with the names of changed inputs, and the number of unchanged resources."""
    changed = [step for step in steps if step.operation != "same"]
    changes = [
        {
            "operation": step.operation,
            "urn": step.urn,
            "id": step.id,
            "changes": [str(change) for change in step.changes],
        }
        for step in changed
    ]
    return {"changes": changes, "unchanged": len(steps) - len(changed)}
