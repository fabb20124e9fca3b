"""Job schedules: Batch makes their jobs, and a task of each job adds the others."""
