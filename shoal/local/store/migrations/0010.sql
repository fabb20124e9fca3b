-- From version 9 to 10: pools are made for jobs and schedules, and go with them.
CREATE TABLE auto_pools (
    pool      INTEGER PRIMARY KEY REFERENCES pools (key) ON DELETE CASCADE,
    job       INTEGER,                              -- goes with it; it may be gone already
    schedule  INTEGER                               -- the same
) STRICT;
