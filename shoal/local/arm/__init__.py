"""The ARM side: what deployment tools make and delete. Served below `/subscriptions`, with a bearer token.

Batch accounts, applications, packages and pools are those of the data plane, storage accounts and containers those of
the emulator; everything else is a record that is checked and answered plausibly.
"""
