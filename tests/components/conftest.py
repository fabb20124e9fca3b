from tests.local.arm.conftest import account, account_name, arm, management

__all__ = ["account", "account_name", "arm", "management"]
