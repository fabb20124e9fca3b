"""The embedded engine: it deploys local stacks without the Pulumi CLI."""
