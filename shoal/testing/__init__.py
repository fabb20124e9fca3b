"""A real Batch account and storage on this machine, for the tests of anybody's code.

    from shoal.testing import running

    with running() as service:
        client = service.batch_client()

pytest finds the fixtures of `shoal.testing.fixtures` by itself where Shoal is installed with the extra `local`.
"""

from shoal.local.control import CannotStart, ServiceFailed, running
from shoal.service_status import Status

__all__ = ["CannotStart", "ServiceFailed", "Status", "running"]
