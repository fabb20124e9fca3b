"""Deployment of a stack: its project and configuration, the engines, and the document that a deployed stack leaves.

The embedded engine runs the project's Pulumi program in a child process under Pulumi's own Python runtime, against a
monitor that puts each registered resource to the embedded service. The service is the state; there is no second one.
"""
