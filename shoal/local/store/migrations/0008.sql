-- From version 7 to 8: schedules create jobs.
CREATE TABLE job_schedules (
    key                  INTEGER PRIMARY KEY,
    account              TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id                   TEXT NOT NULL COLLATE NOCASE,
    definition           BLOB NOT NULL,
    state                TEXT NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'completed', 'disabled', 'terminating', 'deleting')),
    state_time           INTEGER NOT NULL,
    previous_state       TEXT,
    previous_state_time  INTEGER,
    next_run             INTEGER,                        -- when its next job is due
    last_run             INTEGER,                        -- when its latest job was due
    runs                 INTEGER NOT NULL DEFAULT 0,     -- jobs so far
    ended                INTEGER,
    created              INTEGER NOT NULL,
    last_modified        INTEGER NOT NULL,
    UNIQUE (account, id)
) STRICT;

CREATE TABLE scheduled_jobs (
    job       INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    schedule  INTEGER NOT NULL REFERENCES job_schedules (key) ON DELETE CASCADE
) STRICT;
CREATE INDEX scheduled_jobs_by_schedule ON scheduled_jobs (schedule);
