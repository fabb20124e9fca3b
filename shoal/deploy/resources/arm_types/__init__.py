"""The bodies that Azure Resource Manager accepts for each type of resource, and the faults it would find in one.

Owns the tables in `tables/`, which `tools/arm_types.py` writes. Pure: from a body and a table to a list of faults.
"""
