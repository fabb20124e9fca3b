"""The stack's configuration: read once, checked, and turned into a component's arguments."""
