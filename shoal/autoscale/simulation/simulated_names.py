"""Names by which pools and tasks say that they are simulated, apart from the reader of their values, which takes long
to import."""

METADATA = "shoal:simulate"
"""Name of the pool's metadata."""
VARIABLE = "SHOAL_SIMULATE"
"""Environment setting by which a task, or all tasks of a job, declare their own duration and exit code."""
