"""Errors of the program, which Pulumi's own command prints without a traceback.

pulumi.RunError
├── SettingsError      (BadInput) the stack's configuration or a component's arguments, before anything is declared
├── PackageError       (BadInput) the content of an application package
├── PublicationError   (WorkFailed) upload or activation of one
└── PoolUpdateError    (WorkFailed) change of an existing pool
"""

import pulumi

from shoal.errors import BadInput, WorkFailed


class SettingsError(BadInput, pulumi.RunError):
    pass


class PackageError(BadInput, pulumi.RunError):
    pass


class PublicationError(WorkFailed, pulumi.RunError):
    pass


class PoolUpdateError(WorkFailed, pulumi.RunError):
    pass
