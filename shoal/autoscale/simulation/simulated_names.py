"""Names by which pools, tasks and nodes say that they are simulated.

They stand apart from the reader of their values, which takes long to import.
"""

METADATA = "shoal:simulate"
"""Name of the pool's metadata."""
VARIABLE = "SHOAL_SIMULATE"
"""Environment setting by which a task, or all tasks of a job, declare their own duration and exit code."""
NODE_PREFIX = "tvmsim_"
"""Beginning of the ids of simulated nodes, where Azure's have `tvmps_`."""
