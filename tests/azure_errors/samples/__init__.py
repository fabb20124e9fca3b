"""Answers of Azure, as they were seen or are documented, with the advice that each must lead to."""

from tests.azure_errors.samples.access import ACCESS
from tests.azure_errors.samples.names import NAMES
from tests.azure_errors.samples.pools import POOLS
from tests.azure_errors.samples.quotas import QUOTAS
from tests.azure_errors.samples.requests import REQUESTS
from tests.azure_errors.samples.sample import Sample
from tests.azure_errors.samples.subscriptions import SUBSCRIPTIONS

SAMPLES = (*ACCESS, *SUBSCRIPTIONS, *QUOTAS, *NAMES, *POOLS, *REQUESTS)

__all__ = ["SAMPLES", "Sample"]
