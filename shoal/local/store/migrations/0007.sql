-- From version 6 to 7: jobs have manager, preparation and release tasks.
CREATE TABLE job_managers (
    job        INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    task       TEXT NOT NULL COLLATE NOCASE,
    ends_job   INTEGER NOT NULL,               -- killJobOnCompletion
    exclusive  INTEGER NOT NULL,               -- runExclusive
    dedicated  INTEGER NOT NULL                -- never on Spot nodes
) STRICT;

CREATE TABLE job_node_tasks (
    key          INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: agents may still report on a deleted job's
    job          INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    node         TEXT NOT NULL,                      -- it may have left its pool
    pool_id      TEXT NOT NULL COLLATE NOCASE,
    kind         TEXT NOT NULL CHECK (kind = 'preparation' OR kind = 'release'),
    boots        INTEGER NOT NULL,                   -- of the node when it ran
    attempt      INTEGER NOT NULL DEFAULT 1,
    state        TEXT NOT NULL DEFAULT 'running' CHECK (state = 'running' OR state = 'completed'),
    started      INTEGER NOT NULL,
    ended        INTEGER,
    exit_code    INTEGER,
    result       TEXT CHECK (result = 'success' OR result = 'failure'),
    failure      BLOB,
    retry_count  INTEGER NOT NULL DEFAULT 0,
    last_retry   INTEGER,
    UNIQUE (job, kind, node)
) STRICT;
