"""The embedded Batch service: one process on loopback that official Azure clients cannot tell from Azure.

Of the rest of `shoal` it imports only what stands by itself: `azure`, `autoscale`, `process_lifetime` and
`service_status`.
"""
