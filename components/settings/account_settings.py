"""Accounts as the stack's configuration declares them: made or adopted, reached from where, kept for how long."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ..accounts.adoption import BATCH, GROUP, STORAGE, SUBNET, id_fault
from ..accounts.job_storage import StorageSku
from ..accounts.network_rules import address_fault
from ..tags import tags_faults
from .section import AccountName, Section, matching, without

LONGEST_SOFT_DELETE = 365
LONGEST_IMMUTABILITY = 146_000
"""Days. Source: azure-rest-api Microsoft.Storage, DeleteRetentionPolicy and ImmutabilityPolicy."""


GroupName = Annotated[
    str,
    matching(
        r"([\w.()-]{0,89}[\w()-])?",
        "up to 90 letters, digits, and any of . _ - ( ), not ending in a dot, or empty for PROJECT-STACK",
    ),
]
"""Source: ARM, naming rules of resource groups."""


def _id(kind: str) -> AfterValidator:
    """An id of that type, or empty for none."""
    return without(lambda value: id_fault(value, kind) if value else None)


class Accounts(Section):
    resource_group: GroupName
    resource_group_id: Annotated[str, _id(GROUP)]
    batch_account: AccountName
    batch_account_id: Annotated[str, _id(BATCH)]
    storage_account: AccountName
    storage_account_id: Annotated[str, _id(STORAGE)]
    storage_sku: StorageSku
    soft_delete_days: Annotated[int, Field(ge=0, le=LONGEST_SOFT_DELETE)]
    inputs_immutable_for_days: Annotated[int, Field(ge=0, le=LONGEST_IMMUTABILITY)]
    allowed_addresses: tuple[Annotated[str, without(address_fault)], ...]
    allowed_subnets: tuple[Annotated[str, _id(SUBNET)], ...]
    tags: dict[str, str]

    @model_validator(mode="after")
    def keys_do_not_contradict(self) -> Self:
        for text in self._contradictions():
            raise ValueError(text)
        return self

    @model_validator(mode="after")
    def tags_are_arms(self) -> Self:
        for text in tags_faults(self.tags):
            raise ValueError(f"shoal:tags has {text}")
        return self

    def _contradictions(self) -> Iterator[str]:
        for made, adopted in (
            ("resourceGroup", "resourceGroupId"),
            ("batchAccount", "batchAccountId"),
            ("storageAccount", "storageAccountId"),
        ):
            if self._has(made) and self._has(adopted):
                yield f"shoal:{made} names what is made and shoal:{adopted} what is adopted; leave one of them out"
        if self.storage_account_id and self.inputs_immutable_for_days:
            yield (
                "shoal:inputsImmutableForDays cannot be had with shoal:storageAccountId: the stack could not be taken "
                "down, as only with its account does such a container go; leave one of them out"
            )
        if self.storage_account_id and self.batch_account_id and self.allowed_addresses:
            yield "shoal:allowedAddresses means nothing where both accounts are adopted, which are not changed"
        if self.allowed_subnets and not self.allowed_addresses:
            yield (
                "shoal:allowedSubnets without shoal:allowedAddresses would close the storage to everybody who submits; "
                "give both"
            )

    def _has(self, alias: str) -> bool:
        return any(bool(getattr(self, name)) for name, field in type(self).model_fields.items() if field.alias == alias)

    @property
    def leaves_storage_open(self) -> bool:
        """Although addresses are given."""
        return bool(self.allowed_addresses) and not self.allowed_subnets and not self.storage_account_id
