-- From version 13 to 14: tasks of some jobs can be preempted. Earlier jobs could not say so.
CREATE TABLE preemptible_jobs (
    job INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE
) STRICT;
