"""The Pulumi program: settings → Environment → exports."""

import pulumi

from components import Environment, read_settings

settings = read_settings()
environment = Environment(pulumi.get_project(), settings.environment_args())
for name, value in environment.document().items():
    pulumi.export(name, value)
