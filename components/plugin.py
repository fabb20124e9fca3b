"""The components as a Pulumi package, for programs in any language.

Pulumi's own host infers the schema from the types of arguments; what it leaves undone is added here: numbers, all of
which arrive as floats, descriptions of what a type has from another, and failures without a traceback.
"""

import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, is_typeddict

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import Analyzer, PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.util import camel_case
from pulumi.provider.server import ComponentInitError

from shoal.errors import BadInput

from .accounts.batch_account import BatchAccount
from .accounts.job_storage import JobStorage
from .environment import Environment
from .monitoring.monitoring import Monitoring
from .network.private_links import PrivateLinks
from .network.private_network import PrivateNetwork
from .packages.application_package import ApplicationPackage
from .pool.spot_pool import SpotPool

NAME = "shoal"
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    ApplicationPackage,
    BatchAccount,
    Environment,
    JobStorage,
    Monitoring,
    PrivateLinks,
    PrivateNetwork,
    SpotPool,
]


class Package(ComponentProvider):
    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, version=version(NAME))
        self.schema = json.dumps(described(json.loads(self.schema or "{}"), shapes()))

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as exc:
            if isinstance(exc.inner, BadInput):
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
        """Source: the SDK's own mapping forgets the integer that it made of a float, and takes no output for one."""
        others = {name: prop for name, prop in properties.items() if prop.type is not PropertyType.INTEGER}
        mapped = dict(super().map_input_properties(inputs, others, mapping, component_name, property_path))
        for name in properties.keys() - others.keys():
            value: Any = inputs.get(name)
            if value is not None:
                mapped[mapping[name]] = value if isinstance(value, pulumi.Output) else int(value)
            elif not properties[name].optional:
                path = f"{property_path}.{name}".removeprefix(".")
                raise pulumi.InputPropertyError(path, f"{component_name} needs {path}")
        return mapped


def shapes() -> dict[str, type]:
    """Every type of arguments, by name."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(f"{__package__}.")]
    return {kind.__name__: kind for module in modules for kind in vars(module).values() if is_typeddict(kind)}


def described(schema: dict[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    """The schema, where a field of a type that contains another has that one's description of it."""
    for token, shape in schema["types"].items():
        if (kind := known.get(token.rsplit(":", 1)[1])) is not None:
            _describe(shape["properties"], kind, known.values())
    for component in COMPONENTS:
        kind = inspect.get_annotations(component.__init__)["args"]
        _describe(schema["resources"][f"{NAME}:index:{component.__name__}"]["inputProperties"], kind, known.values())
    return schema


def _describe(properties: dict[str, Any], kind: type, known: Iterable[type]) -> None:
    analyzer = Analyzer(NAME)
    fields = inspect.get_annotations(kind)
    contained = [other for other in known if inspect.get_annotations(other).items() <= fields.items()]
    for field in fields:
        found = next((text for other in contained if (text := analyzer.get_docstring(other, field))), None)
        if found is not None:
            properties[camel_case(field)].setdefault("description", found)
