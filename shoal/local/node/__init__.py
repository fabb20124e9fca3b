"""The node agent: a process of its own for each node, which runs the node's tasks as real processes.

It gets commands as JSON lines on its standard input and reports on its standard output; it touches no table. When
its input ends (the service is gone, however that came about) it ends every process it started, and itself.
"""
