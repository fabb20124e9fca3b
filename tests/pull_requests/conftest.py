from tests.deploy.conftest import stack

__all__ = ["stack"]
