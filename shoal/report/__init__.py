"""The report of a run: a record of its tasks and nodes, and the page, table and JSON that are made of it.

`reading` asks Batch; everything else here is pure.
"""
