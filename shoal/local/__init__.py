"""The embedded Batch service: one process on loopback that official Azure clients cannot tell from Azure.

It imports nothing of `shoal` outside this package but `shoal.autoscale`, so that it can be used without the rest.
"""
