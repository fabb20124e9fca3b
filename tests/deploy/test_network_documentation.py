"""The tables in docs/network-and-monitoring.md agree with the code."""

import pytest

from components.argument_check import fields_of
from components.argument_fault import camel
from components.monitoring.alerts import FAILED_RESIZES, METRIC_ALERTS
from components.monitoring.monitoring import MonitoringShape
from components.network.account_links import LINKS
from components.network.private_network import NetworkShape
from components.network.security_rules import WEB_PORTS, security_rules
from tests.services import REPOSITORY

LINES = (REPOSITORY / "docs" / "network-and-monitoring.md").read_text().splitlines()

PROTOCOLS = {"Tcp": "TCP", "*": "any"}


def rows(header: str) -> list[str]:
    """Return the rows of the table with this header."""
    start = LINES.index(header) + 2
    return LINES[start : LINES.index("", start)]


def test_security_rules_are_those_that_are_declared() -> None:
    assert rows("| rule | direction | may | other side | protocol | ports | why |") == [
        f"| `{rule.name}` | {rule.direction} | {rule.access} | {rule.peer} |"
        f" {PROTOCOLS[rule.protocol]} | {', '.join(map(str, rule.ports)) or 'all'} | {rule.why} |"
        for rule in security_rules(WEB_PORTS)
    ]


def test_private_endpoints_are_those_that_are_declared() -> None:
    assert rows("| sub-resource | of | private DNS zone | why |") == [
        f"| `{link.sub_resource}` | {link.target} | `{link.zone}` | {link.why} |" for link in LINKS
    ]


def test_alerts_are_those_that_are_declared() -> None:
    metrics = [f"| `{one.name}` | metric `{one.metric}` | {one.severity} | {one.why} |" for one in METRIC_ALERTS]
    log = f"| `{FAILED_RESIZES.name}` | service log | {FAILED_RESIZES.severity} | {FAILED_RESIZES.why} |"
    assert rows("| alert | from | severity | why |") == [*metrics, log]


@pytest.mark.parametrize(("key", "shape"), [("network", NetworkShape), ("monitoring", MonitoringShape)])
def test_every_key_is_explained(key: str, shape: type) -> None:
    documented = [row.split(" | ")[0] for row in rows("| key | of | meaning |") if f" | {key} | " in row]
    assert documented == [f"| `{camel(name)}`" for name in fields_of(shape)]
