"""Forecasts of a job on its pool: makespan, node-hours, cost and evictions, by simulation. Pure: no I/O, no service."""
