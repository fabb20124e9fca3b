-- From version 17 to 18: a job's earlier pools are kept.
-- Pools that a job named before; its tasks that started until then ran there.
CREATE TABLE former_pools (
    job      INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    until    INTEGER NOT NULL,
    pool_id  TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (job, until)
) STRICT, WITHOUT ROWID;
