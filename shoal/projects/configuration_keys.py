"""Mistakes in the keys of a stack's file, found before any value is read. Pure, apart from a look at what is installed.

A mistyped key must not count as an absent one: the default of the key that was meant would be deployed, to Azure
perhaps. A namespace that is not the project's may be a provider's or a library's, so it is refused only where it looks
like a mistake.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from shoal.suggestion import nearest

READ_BY_SHOAL = ("service", "jobs")
"""Keys of the project that the command reads, whether or not `Pulumi.yaml` declares them."""
NAMESPACES = ("azure-native", "pulumi")
"""Namespaces that every project may use. Source: Pulumi, Configuration: `pulumi:` holds settings of the engine."""
LIKENESS = 0.75
"""Likeness from which a namespace counts as another one mistyped: `fram` for `farm`, and not `azure` for
`azure-native`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFault:
    text: str
    meant: str | None
    """The full key that was probably meant."""


def full_key(key: str) -> str:
    """Return the key as NAMESPACE:NAME; Pulumi reads NAMESPACE:config:NAME as the same.

    Source: ParseKey of Pulumi's sdk/go/common/resource/config/key.go.
    """
    namespace, _, name = key.partition(":config:")
    return f"{namespace}:{name}" if name else key


def is_provider(namespace: str) -> bool:
    """True if a Pulumi provider or library of this name is installed beside Shoal."""
    module = f"pulumi_{namespace.replace('-', '_')}"
    return module.isidentifier() and find_spec(module) is not None


def key_faults(
    keys: Iterable[str],
    *,
    project: str,
    declared: Collection[str],
    is_provider: Callable[[str], bool] = is_provider,
) -> Iterator[KeyFault]:
    """Yield the mistakes in a stack's full keys; `declared` are the full keys of `Pulumi.yaml`."""
    own = {name for namespace, _, name in (key.partition(":") for key in declared) if namespace == project}
    namespaces = {*NAMESPACES, *(key.partition(":")[0] for key in declared)}
    for key in keys:
        namespace, colon, name = key.partition(":")
        if not colon:
            text = f"{key} is not a configuration key; it must be NAMESPACE:{key}"
            yield KeyFault(text=text, meant=f"{project}:{key}")
        elif namespace == project:
            yield from _own_key_faults(project, name, own)
        elif namespace not in namespaces and not is_provider(namespace):
            yield from _foreign_key_faults(project, namespace, name, own)


def _own_key_faults(project: str, name: str, own: Collection[str]) -> Iterator[KeyFault]:
    """A project that declares no key may read any; only what looks like a key that Shoal reads is refused then."""
    known = {*own, *READ_BY_SHOAL}
    near = nearest(name, known, likeness=0.6 if own else LIKENESS)
    if name in known or not (near or own):
        return
    meant = f"{project}:{near}" if near else None
    hint = f"did you mean {meant}?" if meant else f"Pulumi.yaml declares {', '.join(sorted(own))}"
    yield KeyFault(text=f"{project}:{name} is not a known key; {hint}", meant=meant)


def _foreign_key_faults(project: str, namespace: str, name: str, own: Collection[str]) -> Iterator[KeyFault]:
    """A key of the project under another namespace is a mistake, and so is a namespace that is nearly a known one."""
    spellings = {known.lower(): known for known in (*NAMESPACES, project)}
    near = project if name in {*own, *READ_BY_SHOAL} else spellings.get(_nearly(namespace, spellings))
    if near is None:
        return
    text = (
        f"{namespace}:{name} has a namespace that is neither the project's nor an installed provider's; "
        f"did you mean {near}:{name}? If not, give it under config in Pulumi.yaml"
    )
    yield KeyFault(text=text, meant=f"{near}:{name}")


def _nearly(namespace: str, known: Iterable[str]) -> str:
    return nearest(namespace.lower(), known, likeness=LIKENESS) or ""
