-- From version 2 to 3: closed sets of words are checked by the database, and two views count nodes and tasks.
-- SQLite cannot add a CHECK to a table, so each one is made anew, filled and renamed.
CREATE TABLE application_versions_3 (
    account        TEXT NOT NULL,
    application    TEXT NOT NULL COLLATE NOCASE,
    version        TEXT NOT NULL COLLATE NOCASE,
    state          TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'active')),
    format         TEXT,
    container      TEXT NOT NULL,                    -- in the account's auto-storage
    blob           TEXT NOT NULL,
    activated      INTEGER,
    last_modified  INTEGER NOT NULL,
    PRIMARY KEY (account, application, version),
    FOREIGN KEY (account, application) REFERENCES applications (account, id) ON DELETE CASCADE
) STRICT;
INSERT INTO application_versions_3 SELECT * FROM application_versions;
DROP TABLE application_versions;
ALTER TABLE application_versions_3 RENAME TO application_versions;

CREATE TABLE pools_3 (
    key                        INTEGER PRIMARY KEY,
    account                    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id                         TEXT NOT NULL COLLATE NOCASE,
    definition                 BLOB NOT NULL,
    identities                 TEXT NOT NULL DEFAULT '[]',     -- ARM ids of the user-assigned identities of its nodes
    tags                       TEXT NOT NULL DEFAULT '{}',     -- as ARM knows them
    slots_per_node             INTEGER NOT NULL,
    fill                       TEXT NOT NULL CHECK (fill IN ('spread', 'pack')),
    target_dedicated           INTEGER NOT NULL,
    target_low_priority        INTEGER NOT NULL,
    deallocation_option        TEXT NOT NULL DEFAULT 'requeue'
        CHECK (deallocation_option IN ('requeue', 'terminate', 'taskcompletion', 'retaineddata')),
    state                      TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deleting')),
    state_time                 INTEGER NOT NULL,
    allocation_state           TEXT NOT NULL CHECK (allocation_state IN ('steady', 'resizing', 'stopping')),
    allocation_time            INTEGER NOT NULL,
    formula                    TEXT,                           -- null where autoscaling is off
    evaluation_interval        INTEGER NOT NULL DEFAULT 900000000,
    next_evaluation            INTEGER,
    auto_scale_enabled         INTEGER,                        -- the last time a client asked for it
    auto_scale_run             BLOB,
    created                    INTEGER NOT NULL,
    last_modified              INTEGER NOT NULL,
    UNIQUE (account, id)
) STRICT;
INSERT INTO pools_3 SELECT * FROM pools;
DROP TABLE pools;
ALTER TABLE pools_3 RENAME TO pools;

CREATE TABLE nodes_3 (
    key              INTEGER PRIMARY KEY,
    pool             INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    id               TEXT NOT NULL UNIQUE,
    dedicated        INTEGER NOT NULL,
    ip_address       TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN (
        'idle', 'rebooting', 'reimaging', 'running', 'unusable', 'creating', 'starting', 'waitingforstarttask',
        'starttaskfailed', 'unknown', 'leavingpool', 'offline', 'preempted', 'upgradingos', 'deallocated', 'deallocating'
    )),
    state_time       INTEGER NOT NULL,
    allocated        INTEGER NOT NULL,
    booted           INTEGER,                        -- the last start of its agent
    boot_due         INTEGER,                        -- when its machine is there and its agent starts
    boots            INTEGER NOT NULL DEFAULT 0,     -- starts of its agent; reports of an earlier one are stale
    draining         INTEGER NOT NULL DEFAULT 0,     -- leaves the pool when its tasks have ended
    start_task_info  BLOB,
    errors           BLOB,
    tasks_run        INTEGER NOT NULL DEFAULT 0,
    tasks_succeeded  INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO nodes_3 SELECT * FROM nodes;
DROP TABLE nodes;
ALTER TABLE nodes_3 RENAME TO nodes;

CREATE TABLE jobs_3 (
    key                  INTEGER PRIMARY KEY,
    account              TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id                   TEXT NOT NULL COLLATE NOCASE,
    definition           BLOB NOT NULL,
    pool_id              TEXT NOT NULL COLLATE NOCASE,   -- the pool need not exist
    priority             INTEGER NOT NULL,
    max_retries          INTEGER NOT NULL,               -- constraints.maxTaskRetryCount, which tasks inherit
    deadline             INTEGER,                        -- created + constraints.maxWallClockTime, where that is set
    on_all_tasks_complete TEXT NOT NULL CHECK (on_all_tasks_complete IN ('noaction', 'terminatejob')),
    state                TEXT NOT NULL DEFAULT 'active' CHECK (state IN (
        'active', 'disabling', 'disabled', 'enabling', 'terminating', 'completed', 'deleting'
    )),
    state_time           INTEGER NOT NULL,
    previous_state       TEXT,
    previous_state_time  INTEGER,
    terminate_reason     TEXT,
    ended                INTEGER,
    created              INTEGER NOT NULL,
    last_modified        INTEGER NOT NULL,
    UNIQUE (account, id)
) STRICT;
INSERT INTO jobs_3 SELECT * FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_3 RENAME TO jobs;

CREATE TABLE tasks_3 (
    key                 INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: agents may still report on deleted tasks
    job                 INTEGER NOT NULL,
    id                  TEXT NOT NULL COLLATE NOCASE,
    definition          BLOB NOT NULL,
    slots               INTEGER NOT NULL,
    max_retries         INTEGER NOT NULL,
    blockers            INTEGER NOT NULL,               -- dependencies not yet satisfied
    satisfied           INTEGER NOT NULL DEFAULT 0,     -- 1 when it has satisfied its dependents
    -- Not IN: SQLite would build a set of the words at each INSERT, which takes as long as the rest of it.
    state               TEXT NOT NULL DEFAULT 'active'
        CHECK (state = 'active' OR state = 'preparing' OR state = 'running' OR state = 'completed'),
    state_time          INTEGER NOT NULL,
    previous_state      TEXT,
    previous_state_time INTEGER,
    attempt             INTEGER NOT NULL DEFAULT 0,     -- placements so far; reports of an earlier one are stale
    node                TEXT,                           -- of the latest attempt
    started             INTEGER,
    ended               INTEGER,
    exit_code           INTEGER,
    result              TEXT CHECK (result = 'success' OR result = 'failure'),
    failure             BLOB,
    retry_count         INTEGER NOT NULL DEFAULT 0,
    last_retry          INTEGER,
    requeue_count       INTEGER NOT NULL DEFAULT 0,
    last_requeue        INTEGER,
    created             INTEGER NOT NULL,
    last_modified       INTEGER NOT NULL,
    UNIQUE (job, id)
) STRICT;
INSERT INTO tasks_3 SELECT * FROM tasks;
-- Keys of deleted tasks are not given again: the counter moves with the table.
DELETE FROM sqlite_sequence WHERE name = 'tasks_3';
INSERT INTO sqlite_sequence SELECT 'tasks_3', seq FROM sqlite_sequence WHERE name = 'tasks';
DROP TABLE tasks;
ALTER TABLE tasks_3 RENAME TO tasks;

CREATE TABLE task_counts_3 (
    job    INTEGER NOT NULL,
    -- Not IN, as in tasks.
    state  TEXT NOT NULL CHECK (
        state = 'active' OR state = 'blocked' OR state = 'preparing' OR state = 'running' OR state = 'completed'
    ),
    result TEXT NOT NULL CHECK (result = '' OR result = 'success' OR result = 'failure'),
    tasks  INTEGER NOT NULL,
    slots  INTEGER NOT NULL,
    PRIMARY KEY (job, state, result)
) STRICT, WITHOUT ROWID;
INSERT INTO task_counts_3 SELECT * FROM task_counts;
DROP TABLE task_counts;
ALTER TABLE task_counts_3 RENAME TO task_counts;

CREATE INDEX nodes_by_pool ON nodes (pool);
CREATE INDEX jobs_by_pool ON jobs (account, pool_id, state);
CREATE INDEX jobs_by_deadline ON jobs (deadline) WHERE deadline IS NOT NULL AND state = 'active';
CREATE INDEX tasks_by_state ON tasks (job, state);
CREATE INDEX tasks_ready ON tasks (job, key) WHERE state = 'active' AND blockers = 0;

CREATE TRIGGER task_counted AFTER INSERT ON tasks BEGIN
    INSERT INTO task_counts
        VALUES (NEW.job, iif(NEW.state = 'active' AND NEW.blockers, 'blocked', NEW.state), ifnull(NEW.result, ''), 1, NEW.slots)
        ON CONFLICT DO UPDATE SET tasks = tasks + 1, slots = slots + NEW.slots;
END;

CREATE TRIGGER task_recounted AFTER UPDATE OF state, result, blockers ON tasks
WHEN OLD.state != NEW.state OR OLD.result IS NOT NEW.result OR (OLD.blockers = 0) != (NEW.blockers = 0) BEGIN
    UPDATE task_counts SET tasks = tasks - 1, slots = slots - OLD.slots
        WHERE job = OLD.job AND state = iif(OLD.state = 'active' AND OLD.blockers, 'blocked', OLD.state)
        AND result = ifnull(OLD.result, '');
    INSERT INTO task_counts
        VALUES (NEW.job, iif(NEW.state = 'active' AND NEW.blockers, 'blocked', NEW.state), ifnull(NEW.result, ''), 1, NEW.slots)
        ON CONFLICT DO UPDATE SET tasks = tasks + 1, slots = slots + NEW.slots;
END;

CREATE TRIGGER task_uncounted AFTER DELETE ON tasks BEGIN
    UPDATE task_counts SET tasks = tasks - 1, slots = slots - OLD.slots
        WHERE job = OLD.job AND state = iif(OLD.state = 'active' AND OLD.blockers, 'blocked', OLD.state)
        AND result = ifnull(OLD.result, '');
END;

CREATE VIEW counted_pools AS SELECT
    pools.*,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND nodes.dedicated) AS current_dedicated,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND NOT nodes.dedicated) AS current_low_priority
FROM pools;

CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
