"""docs/policies.md and the configuration for local stacks agree with the rules."""

import json

from rules import RULES
from rules.rule import ResourceRule, Setting, StackRule

from tests.services import REPOSITORY

TEXT = (REPOSITORY / "docs" / "policies.md").read_text()
PREFIX = "azure-native:"


def test_documentation_lists_every_rule() -> None:
    assert [line for line in TEXT.splitlines() if line.startswith("| `")] == [row(rule) for rule in RULES]


def row(rule: ResourceRule | StackRule) -> str:
    types = (
        [f"`{token.removeprefix(PREFIX)}`" for token in rule.types] if isinstance(rule, ResourceRule) else ["the stack"]
    )
    settings = "; ".join(map(described, rule.settings))
    return f"| `{rule.name}` | {rule.level} | {', '.join(types)} | {rule.reason} | {settings} |".replace("|  |", "| |")


def described(setting: Setting) -> str:
    return f"`{setting.name}` ({setting.default}): {setting.meaning}"


def test_local_stacks_are_excused_from_rules_that_exist() -> None:
    configured = json.loads((REPOSITORY / "policy" / "local.json").read_text())
    assert set(configured) <= {rule.name for rule in RULES}
    assert set(configured.values()) == {"disabled"}


def test_settings_are_checked_by_pulumi() -> None:
    (nodes,) = next(rule.settings for rule in RULES if rule.name == "nodes-capped")
    (share,) = next(rule.settings for rule in RULES if rule.name == "spot-share")
    assert nodes.schema == {"type": "integer", "default": 110, "description": nodes.meaning, "minimum": 1}
    assert share.schema == {
        "type": "number",
        "default": 0.5,
        "description": share.meaning,
        "minimum": 0,
        "maximum": 1,
    }
