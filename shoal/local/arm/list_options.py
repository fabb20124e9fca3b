"""The options of lists below a Batch account: `maxresults`, `$select` and the token of the next page.

Source: azure-mgmt-batch 19.0, PoolOperations.list_by_batch_account: properties are selected as `properties/vmSize`.
"""

import base64
from collections.abc import Sequence
from urllib.parse import quote, urlencode

import orjson

from shoal.local import errors
from shoal.local.api.calls import LARGEST_PAGE, NUMBER, Answer
from shoal.local.api.selection import selected_names
from shoal.local.arm.arm_call import ArmCall, JsonObject

BELOW = "properties/"
TOKEN = "$skipToken"


def page(call: ArmCall, bodies: Sequence[JsonObject]) -> Answer:
    """Answer with the page that the call asks for, of bodies in the order of their names. Raises BatchError."""
    size, after = _page_size(call), _after(call)
    following = sorted((body for body in bodies if body["name"].lower() > after), key=lambda body: body["name"].lower())
    shown = [_selected(call.query.get("$select"), body) for body in following[:size]]
    answer: JsonObject = {"value": shown}
    if len(following) > size:
        token = base64.urlsafe_b64encode(following[size - 1]["name"].lower().encode()).decode()
        query = urlencode({**call.query, TOKEN: token}, quote_via=quote)
        answer["nextLink"] = f"{call.base_url}{quote(call.target.path)}?{query}"
    return Answer(content=orjson.dumps(answer))


def refuse_filter(call: ArmCall, what: str) -> None:
    """Raises BatchError where the call would have a list filtered that has no filter."""
    if text := call.query.get("$filter"):
        raise errors.invalid_query_parameter("$filter", text, f"{what} cannot be filtered")


def _page_size(call: ArmCall) -> int:
    text = call.query.get("maxresults", str(LARGEST_PAGE))
    if not NUMBER.fullmatch(text):
        raise errors.invalid_query_parameter("maxresults", text, "a number is expected")
    if int(text) < 1:
        raise errors.query_parameter_out_of_range("maxresults", text, "1 or more is allowed")
    return min(int(text), LARGEST_PAGE)


def _after(call: ArmCall) -> str:
    token = call.query.get(TOKEN, "")
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise errors.invalid_query_parameter(TOKEN, token, "it is not one of this service's") from None


def _selected(text: str | None, body: JsonObject) -> JsonObject:
    if not text:
        return body
    names = [name.removeprefix(BELOW) for name in selected_names(text)]
    properties = {name: body["properties"][name] for name in names if name in body["properties"]}
    return {**body, "properties": properties}
