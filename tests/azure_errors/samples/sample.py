"""An answer of Azure, and the names that the samples use."""

from dataclasses import dataclass

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shoal-dev"
ACCOUNT = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/shoaldev"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shoaldev-nodes"
PRINCIPAL = "0f14a80d42e54d57afe046acf9dfae05"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    code: str
    """Empty where the error has only a message."""
    message: str
    explanation: str
    """Part of the sentence that explains it."""


def sample(code: str, message: str, explanation: str) -> Sample:
    return Sample(code=code, message=message, explanation=explanation)
