"""What Azure Resource Manager takes of each type that a program declares, and what it would find wrong with a body.

Owns the tables in `tables/`, which `tools/arm_types.py` writes. Nothing here asks anybody: a body, a table, the faults.
"""
