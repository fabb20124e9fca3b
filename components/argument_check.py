"""The check of arguments, derived from their types: a TypedDict is the one source of their names, types and limits.

Programs spell arguments as the TypedDict does and may give outputs for `pulumi.Input`; the stack's file spells them in
camelCase and gives text. Pydantic checks both by the same schema.
"""

import inspect
from collections.abc import Awaitable, Mapping
from enum import Enum
from functools import cache, partial
from typing import Annotated, Any, NotRequired, TypeVar, Union, cast, get_args, get_origin, is_typeddict

import pulumi
from pydantic import GetCoreSchemaHandler, PlainValidator, TypeAdapter, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Shape = TypeVar("Shape")


def check_program(shape: type, arguments: Any, context: dict[str, Any]) -> Any:
    """Return a program's arguments as the component uses them. Raises ValidationError with everything that is wrong."""
    return _checker(shape).validate_python(arguments, strict=True, by_alias=False, by_name=True, context=context)


def check_stack(shape: type, values: Any, context: dict[str, Any]) -> Any:
    """Return a stack's values as arguments. Raises ValidationError with everything that is wrong."""
    return _checker(shape).validate_python(values, context=context)


def narrowed(shape: type[Shape], arguments: Mapping[str, Any]) -> Shape:
    """Return those of the checked arguments that the shape has."""
    part: Any = {name: value for name, value in arguments.items() if name in fields_of(shape)}
    return cast(Shape, part)


@cache
def _checker(shape: type) -> TypeAdapter[Any]:
    # Cached: making a schema takes much longer than a check, and a stack has many components of one type.
    return TypeAdapter(_checked(shape))


class _Shape:
    """Gives pydantic the schema of a TypedDict whose fields may be `pulumi.Input`."""

    def __init__(self, shape: type) -> None:
        self.shape = shape

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        fields = {
            name: core_schema.typed_dict_field(
                handler.generate_schema(_checked(kind)), required=is_required, validation_alias=to_camel(name)
            )
            for name, (kind, is_required) in fields_of(self.shape).items()
        }
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


def fields_of(shape: type) -> dict[str, tuple[Any, bool]]:
    """Return each argument's type, and True where it must be given."""
    # Not get_type_hints(), which takes the limits off. A TypedDict's annotations include those of its bases.
    return {name: _unwrapped(kind) for name, kind in inspect.get_annotations(shape).items()}


def _unwrapped(kind: Any) -> tuple[Any, bool]:
    origin: Any = get_origin(kind)
    return (get_args(kind)[0], False) if origin is NotRequired else (kind, True)


def _checked(kind: Any) -> Any:
    """Return the type by which pydantic checks values of an argument's type."""
    if is_typeddict(kind):
        return Annotated[Any, _Shape(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Annotated[kind, PlainValidator(partial(_member, kind))]
    if is_input(kind):
        return Annotated[_checked(plain(kind)), WrapValidator(_unless_known_later)]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner, *limits = parts
        return Annotated[(_checked(inner), *limits)]
    if origin is list:
        return list[_checked(parts[0])]  # type: ignore[misc]
    return dict[str, _checked(parts[1])] if origin is dict else kind  # type: ignore[misc]


def is_input(kind: Any) -> bool:
    """Return True for `pulumi.Input[...]`, which is a union of a value, an awaitable and an output."""
    return get_origin(kind) is Union and any(get_origin(part) is Awaitable for part in get_args(kind))


def plain(kind: Any) -> Any:
    """Return T of `pulumi.Input[T]`."""
    return next(get_args(part)[0] for part in get_args(kind) if get_origin(part) is Awaitable)


def _member(kind: type[Enum], value: Any) -> Enum:
    """Return the member for a member or for its value; pydantic's own strict check accepts members only."""
    try:
        return kind(value)
    except ValueError as exc:
        *others, last = (f"'{member.value}'" for member in kind)
        # `validation_messages.ALLOWED` has the text, as for pydantic's own error of this type.
        raise PydanticCustomError("enum", "", {"expected": f"{', '.join(others)} or {last}"}) from exc


def _unless_known_later(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    # Only the deployment knows these values, so only Azure can check them.
    return value if isinstance(value, pulumi.Output | Awaitable) else check(value)
