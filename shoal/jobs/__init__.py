"""Plan, render, submit: from a job file to tasks in Batch.

`document` and `spec` read the file, `sweep` makes the points, `tasks` renders one Batch task a point, `plan` looks at
all of them before anything is created, `submit` sends them. Only `upload` and `submit` talk to a service.
"""
