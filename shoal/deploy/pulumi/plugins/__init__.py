"""Plugins that Pulumi's own engine finds on the PATH for local stacks, in place of those it would download.

`pulumi-resource-azure-native` turns the engine's calls into calls to the embedded service's ARM side, and
`pulumi-language-python` runs the program on a machine whose `pulumi` came without one.
"""
