from tests.deploy.conftest import project, stack

__all__ = ["project", "stack"]
