"""Deployment of a stack, by one of two engines, and the document that a deployed stack leaves.

`engines` chooses the engine. `embedded` runs the project's Pulumi program in a child process under Pulumi's own Python
runtime, against a monitor that puts each registered resource to the embedded service; the service is the only state.
`pulumi` drives Pulumi's own engine. `resources` holds what both need of Azure's resource types.
"""
