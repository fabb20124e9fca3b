-- A state as the service of schema version 2 left it when it was killed: one node at work, tasks in every state.
-- Times are microseconds since 1970 in UTC. Definitions are the JSON of a request body with Batch's defaults filled in.
-- Ids keep their case and are compared without it, as Batch does.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT;

CREATE TABLE storage_accounts (
    name TEXT PRIMARY KEY,
    key  TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    name            TEXT PRIMARY KEY,
    primary_key     TEXT NOT NULL,
    secondary_key   TEXT NOT NULL,
    storage_account TEXT REFERENCES storage_accounts (name)  -- auto-storage; application packages live there
) STRICT;

-- Everything that ARM knows and the Batch data plane does not: groups, identities, roles, stacks, and the ARM bodies of the rest.
CREATE TABLE arm_resources (
    id            TEXT PRIMARY KEY COLLATE NOCASE,
    type          TEXT NOT NULL COLLATE NOCASE,
    body          BLOB NOT NULL,
    last_modified INTEGER NOT NULL
) STRICT;
CREATE INDEX arm_resources_by_type ON arm_resources (type, id);

CREATE TABLE applications (
    account         TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id              TEXT NOT NULL COLLATE NOCASE,
    display_name    TEXT,
    allow_updates   INTEGER NOT NULL DEFAULT 1,
    default_version TEXT,
    last_modified   INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;

CREATE TABLE application_versions (
    account        TEXT NOT NULL,
    application    TEXT NOT NULL COLLATE NOCASE,
    version        TEXT NOT NULL COLLATE NOCASE,
    state          TEXT NOT NULL DEFAULT 'pending',  -- pending until activated, then active
    format         TEXT,
    container      TEXT NOT NULL,                    -- in the account's auto-storage
    blob           TEXT NOT NULL,
    activated      INTEGER,
    last_modified  INTEGER NOT NULL,
    PRIMARY KEY (account, application, version),
    FOREIGN KEY (account, application) REFERENCES applications (account, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE pools (
    key                        INTEGER PRIMARY KEY,
    account                    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id                         TEXT NOT NULL COLLATE NOCASE,
    definition                 BLOB NOT NULL,
    identities                 TEXT NOT NULL DEFAULT '[]',     -- ARM ids of the user-assigned identities of its nodes
    tags                       TEXT NOT NULL DEFAULT '{}',     -- as ARM knows them
    slots_per_node             INTEGER NOT NULL,
    fill                       TEXT NOT NULL,                  -- spread or pack
    target_dedicated           INTEGER NOT NULL,
    target_low_priority        INTEGER NOT NULL,
    deallocation_option        TEXT NOT NULL DEFAULT 'requeue',
    state                      TEXT NOT NULL DEFAULT 'active',
    state_time                 INTEGER NOT NULL,
    allocation_state           TEXT NOT NULL,
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

-- What formulas see of a pool's past.
CREATE TABLE samples (
    pool               INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    taken              INTEGER NOT NULL,
    active             INTEGER NOT NULL,
    running            INTEGER NOT NULL,
    succeeded          INTEGER NOT NULL,
    failed             INTEGER NOT NULL,
    dedicated          INTEGER NOT NULL,
    low_priority       INTEGER NOT NULL,
    preempted          INTEGER NOT NULL,
    usable             INTEGER NOT NULL,
    cpu                REAL NOT NULL,                  -- 0 to 1
    PRIMARY KEY (pool, taken)
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
    key              INTEGER PRIMARY KEY,
    pool             INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    id               TEXT NOT NULL UNIQUE,
    dedicated        INTEGER NOT NULL,
    ip_address       TEXT NOT NULL,
    state            TEXT NOT NULL,
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
CREATE INDEX nodes_by_pool ON nodes (pool);

CREATE TABLE jobs (
    key                  INTEGER PRIMARY KEY,
    account              TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    id                   TEXT NOT NULL COLLATE NOCASE,
    definition           BLOB NOT NULL,
    pool_id              TEXT NOT NULL COLLATE NOCASE,   -- the pool need not exist
    priority             INTEGER NOT NULL,
    max_retries          INTEGER NOT NULL,               -- constraints.maxTaskRetryCount, which tasks inherit
    deadline             INTEGER,                        -- created + constraints.maxWallClockTime, where that is set
    on_all_tasks_complete TEXT NOT NULL,
    state                TEXT NOT NULL DEFAULT 'active',
    state_time           INTEGER NOT NULL,
    previous_state       TEXT,
    previous_state_time  INTEGER,
    terminate_reason     TEXT,
    ended                INTEGER,
    created              INTEGER NOT NULL,
    last_modified        INTEGER NOT NULL,
    UNIQUE (account, id)
) STRICT;
CREATE INDEX jobs_by_pool ON jobs (account, pool_id, state);
CREATE INDEX jobs_by_deadline ON jobs (deadline) WHERE deadline IS NOT NULL AND state = 'active';

CREATE TABLE tasks (
    key                 INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: agents may still report on deleted tasks
    job                 INTEGER NOT NULL,
    id                  TEXT NOT NULL COLLATE NOCASE,
    definition          BLOB NOT NULL,
    slots               INTEGER NOT NULL,
    max_retries         INTEGER NOT NULL,
    blockers            INTEGER NOT NULL,               -- dependencies not yet satisfied
    satisfied           INTEGER NOT NULL DEFAULT 0,     -- 1 when it has satisfied its dependents
    state               TEXT NOT NULL DEFAULT 'active',
    state_time          INTEGER NOT NULL,
    previous_state      TEXT,
    previous_state_time INTEGER,
    attempt             INTEGER NOT NULL DEFAULT 0,     -- placements so far; reports of an earlier one are stale
    node                TEXT,                           -- of the latest attempt
    started             INTEGER,
    ended               INTEGER,
    exit_code           INTEGER,
    result              TEXT,
    failure             BLOB,
    retry_count         INTEGER NOT NULL DEFAULT 0,
    last_retry          INTEGER,
    requeue_count       INTEGER NOT NULL DEFAULT 0,
    last_requeue        INTEGER,
    created             INTEGER NOT NULL,
    last_modified       INTEGER NOT NULL,
    UNIQUE (job, id)
) STRICT;
CREATE INDEX tasks_by_state ON tasks (job, state);
CREATE INDEX tasks_ready ON tasks (job, key) WHERE state = 'active' AND blockers = 0;

-- Who waits for whom; a row goes when its parent has satisfied it.
CREATE TABLE dependencies (
    job    INTEGER NOT NULL,
    parent TEXT NOT NULL COLLATE NOCASE,
    child  INTEGER NOT NULL,
    PRIMARY KEY (job, parent, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependencies_by_child ON dependencies (child);

CREATE TABLE range_dependencies (
    job   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (job, first, last, child)
) STRICT, WITHOUT ROWID;

-- The integers for which some task of the job with that number as its id has satisfied its dependents.
CREATE TABLE satisfied_integers (
    job     INTEGER NOT NULL,
    integer INTEGER NOT NULL,
    PRIMARY KEY (job, integer)
) STRICT, WITHOUT ROWID;

-- What occupies the slots of a node, from placement until its agent says that the process is gone.
CREATE TABLE allocations (
    task    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    node    TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    slots   INTEGER NOT NULL,
    PRIMARY KEY (task, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_by_node ON allocations (node);

-- Counted by the triggers below, so that a job of a million tasks is counted in one look. Active tasks that wait for
-- others are counted as blocked.
CREATE TABLE task_counts (
    job    INTEGER NOT NULL,
    state  TEXT NOT NULL,
    result TEXT NOT NULL,
    tasks  INTEGER NOT NULL,
    slots  INTEGER NOT NULL,
    PRIMARY KEY (job, state, result)
) STRICT, WITHOUT ROWID;

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

INSERT INTO storage_accounts VALUES ('shoalstorage', 'c3RvcmFnZSBrZXkgb2YgdmVyc2lvbiAy');
INSERT INTO accounts VALUES ('shoal', 'cHJpbWFyeSBrZXkgb2YgdmVyc2lvbiAy', 'c2Vjb25kYXJ5IGtleSBvZiB2ZXJzaW9uIDI=', 'shoalstorage');
INSERT INTO arm_resources VALUES ('/subscriptions/s/resourceGroups/g', 'Microsoft.Resources/resourceGroups', CAST('{"id":"/subscriptions/s/resourceGroups/g","name":"g","location":"local"}' AS BLOB), 1750000000000000);
INSERT INTO applications VALUES ('shoal', 'Var', 'Value at risk', 1, '1.0', 1750000000000000);
INSERT INTO application_versions VALUES ('shoal', 'Var', '1.0', 'active', 'zip', 'app-var-1', '1.0', 1750000000000000, 1750000000000000);
INSERT INTO application_versions VALUES ('shoal', 'Var', '1.1', 'pending', NULL, 'app-var-1', '1.1', NULL, 1750000000000000);
INSERT INTO pools VALUES (1, 'shoal', 'Work', CAST('{"resizeTimeout":"PT15M","targetDedicatedNodes":1,"targetLowPriorityNodes":0,"enableAutoScale":false,"autoScaleEvaluationInterval":"PT15M","enableInterNodeCommunication":false,"taskSlotsPerNode":2,"id":"Work","vmSize":"standard_d2s_v3","taskSchedulingPolicy":{"nodeFillType":"pack"}}' AS BLOB), '[]', '{"team":"risk"}', 2, 'pack', 1, 0, 'requeue', 'active', 1750000000000000, 'steady', 1750000006000000, NULL, 900000000, NULL, NULL, NULL, 1750000000000000, 1750000000000000);
INSERT INTO pools VALUES (2, 'shoal', 'scaled', CAST('{"resizeTimeout":"PT15M","targetDedicatedNodes":0,"targetLowPriorityNodes":0,"enableAutoScale":true,"autoScaleEvaluationInterval":"PT1H","enableInterNodeCommunication":false,"taskSlotsPerNode":1,"id":"scaled","vmSize":"standard_d2s_v3","autoScaleFormula":"$TargetLowPriorityNodes = 0;","taskSchedulingPolicy":{"nodeFillType":"spread"}}' AS BLOB), '[]', '{}', 1, 'spread', 0, 0, 'requeue', 'active', 1750000000000000, 'steady', 1750000000000000, '$TargetLowPriorityNodes = 0;', 3600000000, 1750000000000000, NULL, NULL, 1750000000000000, 1750000000000000);
INSERT INTO samples VALUES (2, 1750000000000000, 1, 2, 3, 4, 0, 0, 0, 0, 0.5);
INSERT INTO nodes VALUES (1, 1, 'tvmps_000000000000000000000000000000000000000000000000000000000000002a_d', 1, '10.0.0.5', 'running', 1750000004000000, 1750000000000000, NULL, NULL, 1, 0, NULL, NULL, 2, 1);
INSERT INTO jobs VALUES (1, 'shoal', 'done', CAST('{"priority":5,"maxParallelTasks":-1,"allowTaskPreemption":false,"onAllTasksComplete":"terminatejob","onTaskFailure":"noaction","usesTaskDependencies":false,"id":"done","poolInfo":{"poolId":"Work"},"constraints":{"maxWallClockTime":"P1D","maxTaskRetryCount":0}}' AS BLOB), 'Work', 5, 0, 1750086401000000, 'terminatejob', 'completed', 1750000001000000, 'active', 1750000001000000, 'AllTasksComplete', 1750000001000000, 1750000001000000, 1750000001000000);
INSERT INTO jobs VALUES (2, 'shoal', 'Sweep', CAST('{"priority":0,"maxParallelTasks":-1,"allowTaskPreemption":false,"onAllTasksComplete":"noaction","onTaskFailure":"noaction","usesTaskDependencies":true,"id":"Sweep","poolInfo":{"poolId":"work"},"constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","maxTaskRetryCount":2}}' AS BLOB), 'work', 0, 2, NULL, 'noaction', 'active', 1750000001000000, NULL, NULL, NULL, NULL, 1750000001000000, 1750000001000000);
INSERT INTO tasks VALUES (1, 2, '1', CAST('{"id":"1","commandLine":"true","constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D"},"requiredSlots":1,"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}}' AS BLOB), 1, 2, 0, 1, 'completed', 1750000005000000, 'running', 1750000004000000, 1, 'tvmps_000000000000000000000000000000000000000000000000000000000000002a_d', 1750000004000000, 1750000005000000, 0, 'success', NULL, 0, NULL, 0, NULL, 1750000002000000, 1750000002000000);
INSERT INTO tasks VALUES (2, 2, '2', CAST('{"id":"2","commandLine":"/bin/sh -c ''exit 3''","constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D","maxTaskRetryCount":0},"requiredSlots":1,"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}}' AS BLOB), 1, 0, 0, 0, 'completed', 1750000005000000, 'running', 1750000004000000, 1, 'tvmps_000000000000000000000000000000000000000000000000000000000000002a_d', 1750000004000000, 1750000005000000, 3, 'failure', CAST('{"category":"usererror","code":"FailureExitCode","message":"The task exited with an exit code representing a failure","details":[{"name":"Message","value":"The task process exited with an unexpected exit code"},{"name":"AdditionalErrorCode","value":"FailureExitCode"}]}' AS BLOB), 0, NULL, 0, NULL, 1750000002000000, 1750000002000000);
INSERT INTO tasks VALUES (3, 2, 'running', CAST('{"id":"running","commandLine":"true","constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D"},"requiredSlots":1,"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}}' AS BLOB), 1, 2, 0, 0, 'running', 1750000006000000, 'active', 1750000002000000, 1, 'tvmps_000000000000000000000000000000000000000000000000000000000000002a_d', 1750000006000000, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 1750000002000000, 1750000002000000);
INSERT INTO tasks VALUES (4, 2, 'waits', CAST('{"id":"waits","commandLine":"true","dependsOn":{"taskIds":["running"],"taskIdRanges":[{"start":1,"end":1}]},"constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D"},"requiredSlots":1,"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}}' AS BLOB), 1, 2, 1, 0, 'active', 1750000002000000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 1750000002000000, 1750000002000000);
INSERT INTO tasks VALUES (5, 2, 'blocked', CAST('{"id":"blocked","commandLine":"true","dependsOn":{"taskIds":["never"]},"constraints":{"maxWallClockTime":"P10675199DT2H48M5.4775807S","retentionTime":"P7D"},"requiredSlots":1,"userIdentity":{"autoUser":{"scope":"pool","elevationLevel":"nonadmin"}}}' AS BLOB), 1, 2, 1, 0, 'active', 1750000002000000, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 1750000002000000, 1750000002000000);
INSERT INTO dependencies VALUES (2, 'running', 4);
INSERT INTO dependencies VALUES (2, 'never', 5);
INSERT INTO range_dependencies VALUES (2, 1, 1, 4);
INSERT INTO satisfied_integers VALUES (2, 1);
INSERT INTO allocations VALUES (3, 1, 'tvmps_000000000000000000000000000000000000000000000000000000000000002a_d', 1);
UPDATE sqlite_sequence SET seq = 40 WHERE name = 'tasks';  -- tasks up to this key were deleted
PRAGMA user_version = 2;
