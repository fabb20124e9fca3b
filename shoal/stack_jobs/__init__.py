"""The jobs that a stack's configuration lists, planned and submitted after a deployment."""
