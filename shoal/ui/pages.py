"""The addresses of the pages, and the view of each. Pure."""

from urllib.parse import unquote, urlsplit

from shoal.errors import BadInput
from shoal.ui.poller import View
from shoal.ui.stack_view import StackView


def view_of(address: str) -> View:
    """Return the view of a page by its address: `/`. Raises BadInput for another address."""
    parts = urlsplit(address)
    match [unquote(part) for part in parts.path.split("/")[1:]]:
        case [""]:
            return StackView()
        case _:
            raise BadInput(f"there is no page {parts.path}; / is the stack")
