"""Plan, render, submit: from a job file to tasks in Batch.

`file` reads and checks the job file, `binding` binds it to an environment, `sweep` makes the points, `tasks` renders a
Batch task for each point, `submit` plans all of them before anything is created, then sends them. Only `submit` talks
to a service.
"""
