"""States of the connections that a private endpoint asks for: kept with the endpoint, changed by the linked account.

Source: answers recorded in the tests of azure-cli and azure-mgmt-batch, 2020-05-01 to 2024-02-01; ARM reference of
private endpoints, privateLinkServiceConnections and manualPrivateLinkServiceConnections.
"""

from collections.abc import Iterator, Mapping
from typing import Any

JsonObject = dict[str, Any]

STATE = "privateLinkServiceConnectionState"
APPROVED = {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}
PENDING = {
    "status": "Pending",
    "description": "Manual approval still required",
    "actionsRequired": "Manual approval required",
}
INITIAL: Mapping[str, JsonObject] = {
    "privateLinkServiceConnections": APPROVED,
    "manualPrivateLinkServiceConnections": PENDING,
}
"""The state of a new connection, by the endpoint's list that asks for it."""
DISCONNECTED = {"status": "Disconnected", "description": "Removed by the owner", "actionsRequired": "None"}
"""The state of a connection that was deleted from the side of the account; the endpoint stays."""


def links(endpoint: JsonObject) -> Iterator[JsonObject]:
    """Yield the properties of each connection that an endpoint asks for, with their state."""
    for name, initial in INITIAL.items():
        for link in endpoint["properties"].get(name) or ():
            link["properties"].setdefault(STATE, dict(initial))
            yield link["properties"]


def is_connected(link: JsonObject) -> bool:
    return bool(link[STATE]["status"] != DISCONNECTED["status"])


def keep_states(endpoint: JsonObject, old: JsonObject | None) -> None:
    """Give the connections of a replaced endpoint the states that they had, and new ones their first."""
    before = {_service(link): link[STATE] for link in links(old)} if old else {}
    for name in INITIAL:
        for link in endpoint["properties"].get(name) or ():
            link["properties"].pop(STATE, None)
    for link in links(endpoint):
        link[STATE] = before.get(_service(link), link[STATE])


def answered(state: JsonObject, given: JsonObject) -> JsonObject:
    """Return the state after the account's owner has answered the request. Nothing more is required then."""
    return {**state, **given, "actionsRequired": "None"}


def _service(link: JsonObject) -> str:
    return str(link["privateLinkServiceId"]).lower()
