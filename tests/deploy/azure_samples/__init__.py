"""Azure's answers, as seen or documented, each with a part of its explanation."""

from tests.deploy.azure_samples.access import ACCESS
from tests.deploy.azure_samples.names import NAMES
from tests.deploy.azure_samples.pools import POOLS
from tests.deploy.azure_samples.quotas import QUOTAS
from tests.deploy.azure_samples.requests import REQUESTS
from tests.deploy.azure_samples.sample import Sample
from tests.deploy.azure_samples.subscriptions import SUBSCRIPTIONS

SAMPLES = (*ACCESS, *SUBSCRIPTIONS, *QUOTAS, *NAMES, *POOLS, *REQUESTS)

__all__ = ["SAMPLES", "Sample"]
