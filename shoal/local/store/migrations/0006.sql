-- From version 5 to 6: jobs may limit their tasks that run at a time, and are disabled.
CREATE TABLE parallel_limits (
    job   INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    tasks INTEGER NOT NULL
) STRICT;

DROP INDEX jobs_by_deadline;
CREATE INDEX jobs_by_deadline ON jobs (deadline) WHERE deadline IS NOT NULL;
-- Whole: a partial one on `state` would have SQLite prepare each query for a bound state anew.
CREATE INDEX jobs_by_state ON jobs (state);
