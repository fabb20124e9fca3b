"""Checks of a job before anything is created: of its file alone, and together with the environment and the service."""
