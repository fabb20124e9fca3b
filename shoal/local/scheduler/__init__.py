"""The loop that writes state: every change of a pool, node, job, task or allocation goes through it.

Decisions are pure functions of what was read and of `now`; what they lead to in the world (starting an agent, telling
it to end a task) is done after the transaction that recorded it.
"""
