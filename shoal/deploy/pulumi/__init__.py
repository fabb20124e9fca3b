"""Pulumi's engine, driven through the Automation API, and the plugins it needs for local stacks."""
