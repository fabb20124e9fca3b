"""Steps of every component: its arguments are checked, progress is reported, and its outputs are registered."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pulumi
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from .argument_check import check_program
from .argument_errors import Source
from .argument_fault import ArgumentFault, Spelling, as_given
from .component_errors import SettingsError

Arguments = TypeVar("Arguments")
Rules = Callable[[Any, Spelling], Iterator[ArgumentFault]]


def no_rules(_args: Any, _spelling: Spelling) -> Iterator[ArgumentFault]:
    return iter(())


def checked(
    component: pulumi.ComponentResource, name: str, shape: type[Arguments], args: Any, rules: Rules = no_rules
) -> Arguments:
    """Return the arguments as the component uses them. Raises SettingsError with a sentence for each mistake.

    Called before the component registers itself, so that a mistake leaves nothing behind.
    """
    source = Source(before=f"{type(component).__name__} {name}: ", noun="argument", spelling=as_given)
    try:
        checked_args: Arguments = check_program(shape, args, {"spelling": as_given})
    except ValidationError as exc:
        raise SettingsError("\n".join(source.sentences(exc, shape))) from exc
    if faults := list(rules(checked_args, as_given)):
        raise SettingsError("\n".join(map(source.fault, faults)))
    return checked_args


def reporter(resource: pulumi.Resource) -> Callable[[str], None]:
    """Return a function that other threads may call to report progress on the resource to Pulumi."""
    loop = asyncio.get_event_loop()

    def report(message: str) -> None:
        loop.call_soon_threadsafe(pulumi.log.info, message, resource)

    return report


def outputs(component: pulumi.ComponentResource) -> dict[str, Any]:
    """Return the public outputs that the component's class annotates, by the names of the package's schema.

    A class that a person derives from it may set outputs of its own later and register them itself.
    """
    own = (kind for kind in type(component).__mro__ if kind.__module__.startswith(f"{__package__}."))
    names = [name for kind in own for name in inspect.get_annotations(kind) if not name.startswith("_")]
    return {to_camel(name): getattr(component, name) for name in names}
