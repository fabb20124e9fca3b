"""The components as a Pulumi package, for programs in any language.

Pulumi's own host infers the schema from the types of arguments. Here it learns to read `Annotated`, finds descriptions
of arguments that a type takes over from another one, and leaves the check of arguments to the components, which name
every mistake in one sentence.
"""

import inspect
import json
from importlib.metadata import version
from typing import Annotated, Any, get_args, get_origin

import pulumi
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.experimental.analyzer import Analyzer, PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.schema import generate_schema
from pulumi.provider.server import ComponentInitError

from shoal.errors import BadInput

from .accounts.batch_account import BatchAccount
from .accounts.job_storage import JobStorage
from .accounts.package_storage import PackageStorage
from .environment import Environment
from .monitoring.monitoring import Monitoring, MonitoringShape
from .network.account_links import PrivateLinks
from .network.private_network import NetworkShape, PrivateNetwork
from .packages.application_package import ApplicationPackage
from .pool.spot_pool import PoolShape, SpotPool

NAME = "shoal"
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    ApplicationPackage,
    BatchAccount,
    Environment,
    JobStorage,
    Monitoring,
    PackageStorage,
    PrivateLinks,
    PrivateNetwork,
    SpotPool,
]
SHAPES: tuple[type, ...] = (PoolShape, NetworkShape, MonitoringShape)
"""Types of arguments that others take over."""


class ArgumentAnalyzer(Analyzer):
    def analyze_property(self, arg: Any, typ: type, name: str, **options: Any) -> PropertyDefinition:
        """Describe a property by its type without the limits, for which a schema has no place."""
        unlimited = get_args(arg)[0] if get_origin(arg) is Annotated else arg
        return super().analyze_property(unlimited, typ, name, **options)

    def get_docstring(self, typ: type, name: str) -> str | None:
        """Return the text below a property, in the type itself or in the one that it takes the property over from.

        A TypedDict does not know its bases, but has all of their annotations.
        """
        for shape in (typ, *(shape for shape in SHAPES if _contains(typ, shape))):
            if text := super().get_docstring(shape, name):
                return text
        return None


class ComponentPackage(ComponentProvider):
    def __init__(self) -> None:
        """Do as the SDK's host does, whose analyzer cannot be chosen."""
        self._name, self.analyzer = NAME, ArgumentAnalyzer(NAME)
        analyzed = self.analyzer.analyze(COMPONENTS)
        self._components = {component.__name__: component for component in COMPONENTS}
        self._component_defs = analyzed["component_definitions"]
        self._type_defs = analyzed["type_definitions"]
        self._external_enum_types = analyzed["external_enum_types"]
        release = version(NAME)
        schema = generate_schema(NAME, release, None, self._component_defs, self._type_defs, [])
        Provider.__init__(self, release, json.dumps(schema.to_json()))

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as exc:
            if isinstance(exc.inner, BadInput):
                # The SDK's server adds a traceback to any other error of a component.
                raise pulumi.InputPropertiesError(str(exc.inner), []) from exc
            raise

    def map_input_properties(
        self,
        inputs: pulumi.Inputs,
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> pulumi.Inputs:
        """Return the arguments in the component's spelling. The SDK's own mapping drops unknown ones silently."""
        return {
            mapping.get(name, name): self._mapped(value, properties.get(name))
            for name, value in inputs.items()
            if value is not None  # as in the SDK's mapping, null is an argument that is left out
        }

    def _mapped(self, value: Any, definition: PropertyDefinition | None) -> Any:
        match value:
            case float() if definition and definition.type is PropertyType.INTEGER and value.is_integer():
                return int(value)  # all numbers arrive as floats
            case list() if definition and definition.items:
                return [self._mapped(item, definition.items) for item in value]
            case dict() if definition and definition.additional_properties:
                return {key: self._mapped(item, definition.additional_properties) for key, item in value.items()}
            case dict() if definition and definition.ref and (shape := self.get_type_definition(definition)):
                return self.map_input_properties(value, shape.properties, shape.properties_mapping, "", "")
        return value


def _contains(typ: type, shape: type) -> bool:
    return inspect.get_annotations(shape).items() <= inspect.get_annotations(typ).items()
