"""Pulumi's engine, driven through the Automation API, and the plugins it needs for local stacks."""

INSTALL_PAGE = "https://www.pulumi.com/docs/install/"
