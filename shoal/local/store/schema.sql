-- Times are microseconds since 1970 in UTC. Definitions are the JSON of a request body with Batch's defaults filled in.
-- Ids keep their case and are compared without it, as Batch does. The words of each CHECK are those of an enum in states.py.
-- A change of this file needs the same change as a step in migrations/.

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
    state          TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'active')),
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

-- Why the last resize of a pool did not reach its targets.
CREATE TABLE resize_errors (
    pool     INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    code     TEXT NOT NULL,
    message  TEXT NOT NULL,
    PRIMARY KEY (pool, code, message)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX nodes_by_pool ON nodes (pool);

-- When machines were there. A node that is pre-empted or deallocated gets another one when it comes back.
CREATE TABLE node_usage (
    node       TEXT NOT NULL,                          -- it may have left its pool, and its pool may be gone
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    pool_id    TEXT NOT NULL COLLATE NOCASE,
    vm_size    TEXT NOT NULL,
    dedicated  INTEGER NOT NULL,
    began      INTEGER NOT NULL,
    ended      INTEGER                                 -- null while it is there
) STRICT;
CREATE UNIQUE INDEX node_usage_going_on ON node_usage (node) WHERE ended IS NULL;
CREATE INDEX node_usage_by_pool ON node_usage (account, pool_id, began);
CREATE INDEX node_usage_by_end ON node_usage (account, ended);

-- Keys of the last tasks that ended on a node, of twelve digits each.
CREATE TABLE recent_tasks (
    node   INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE,
    tasks  TEXT NOT NULL
) STRICT;

-- The start task that a node got when it started; its pool may have another one by now.
CREATE TABLE start_tasks (
    node        INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE,
    definition  BLOB NOT NULL
) STRICT;

-- Nodes that take no tasks by request.
CREATE TABLE unscheduled_nodes (
    node  INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE
) STRICT;

-- Users that clients have asked for.
CREATE TABLE node_users (
    node  INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    name  TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (node, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
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
CREATE INDEX jobs_by_pool ON jobs (account, pool_id, state);
CREATE INDEX jobs_by_deadline ON jobs (deadline) WHERE deadline IS NOT NULL;
-- Whole: a partial one on `state` would have SQLite prepare each query for a bound state anew.
CREATE INDEX jobs_by_state ON jobs (state);

-- Pools that a job named before; its tasks that started until then ran there.
CREATE TABLE former_pools (
    job      INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    until    INTEGER NOT NULL,
    pool_id  TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (job, until)
) STRICT, WITHOUT ROWID;

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

-- The jobs that schedules have created.
CREATE TABLE scheduled_jobs (
    job       INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    schedule  INTEGER NOT NULL REFERENCES job_schedules (key) ON DELETE CASCADE
) STRICT;
CREATE INDEX scheduled_jobs_by_schedule ON scheduled_jobs (schedule);

-- Pools that were made for a job, or for the jobs of a schedule, and go with it.
CREATE TABLE auto_pools (
    pool      INTEGER PRIMARY KEY REFERENCES pools (key) ON DELETE CASCADE,
    job       INTEGER,                              -- goes with it; it may be gone already
    schedule  INTEGER                               -- the same
) STRICT;

-- The tasks of a job that may run at a time, where it has such a limit.
CREATE TABLE parallel_limits (
    job   INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    tasks INTEGER NOT NULL
) STRICT;

-- Live jobs whose running tasks wait again where a job of higher priority needs their slots.
CREATE TABLE preemptible_jobs (
    job INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE
) STRICT;

-- The job manager task of a job that has one. It is among the job's tasks as well.
CREATE TABLE job_managers (
    job        INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
    task       TEXT NOT NULL COLLATE NOCASE,
    ends_job   INTEGER NOT NULL,               -- killJobOnCompletion
    exclusive  INTEGER NOT NULL,               -- runExclusive
    dedicated  INTEGER NOT NULL                -- never on Spot nodes
) STRICT;

-- Job preparation and release tasks on the nodes.
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

CREATE TABLE tasks (
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
CREATE INDEX tasks_by_state ON tasks (job, state);
-- In the order of keys, by which pages go.
CREATE INDEX tasks_by_age ON tasks (job);
CREATE INDEX tasks_ready ON tasks (job, key) WHERE state = 'active' AND blockers = 0;
-- For filters that leave out what most tasks have: the few others are found among a million at once.
CREATE INDEX tasks_unsuccessful ON tasks (job) WHERE result != 'success';
CREATE INDEX tasks_unsuccessful_by_state ON tasks (job, state) WHERE result != 'success';
CREATE INDEX tasks_nonzero ON tasks (job) WHERE exit_code != 0;
CREATE INDEX tasks_nonzero_by_state ON tasks (job, state) WHERE exit_code != 0;

-- Tasks that run on several nodes at once.
CREATE TABLE multi_instance_tasks (
    task      INTEGER PRIMARY KEY,
    job       INTEGER NOT NULL REFERENCES jobs (key) ON DELETE CASCADE,
    instances INTEGER NOT NULL
) STRICT;
CREATE INDEX multi_instance_tasks_by_job ON multi_instance_tasks (job);

-- The instances of the latest attempt of a multi-instance task, each on another node. Number 0 is the primary's, which is
-- completed here when its coordination command is.
CREATE TABLE subtasks (
    task                INTEGER NOT NULL REFERENCES multi_instance_tasks (task) ON DELETE CASCADE,
    number              INTEGER NOT NULL,
    attempt             INTEGER NOT NULL,               -- of the task
    node                TEXT NOT NULL,                  -- it may have left its pool
    state               TEXT NOT NULL CHECK (state = 'preparing' OR state = 'running' OR state = 'completed'),
    state_time          INTEGER NOT NULL,
    previous_state      TEXT,
    previous_state_time INTEGER,
    started             INTEGER,
    ended               INTEGER,
    exit_code           INTEGER,
    result              TEXT CHECK (result = 'success' OR result = 'failure'),
    failure             BLOB,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX subtasks_by_node ON subtasks (node);

-- Who waits for whom; a row goes when its parent has satisfied it.
CREATE TABLE dependencies (
    job    INTEGER NOT NULL,
    parent TEXT NOT NULL COLLATE NOCASE,
    child  INTEGER NOT NULL,
    PRIMARY KEY (job, parent, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependencies_by_child ON dependencies (child);

-- Who waits for which parts of ranges; `dependencies.parts` splits a range into a few. A row goes when its part is complete.
CREATE TABLE range_dependencies (
    job   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (job, first, last, child)
) STRICT, WITHOUT ROWID;

-- The parts that somebody waits for, and how many of their integers are not satisfied yet.
CREATE TABLE range_parts (
    job     INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    PRIMARY KEY (job, size, first)
) STRICT, WITHOUT ROWID;

-- The integers for which some task of the job with that number as its id has satisfied its dependents.
CREATE TABLE satisfied_integers (
    job     INTEGER NOT NULL,
    integer INTEGER NOT NULL,
    PRIMARY KEY (job, integer)
) STRICT, WITHOUT ROWID;

-- What occupies the slots of a node, from placement until its agent says that the process is gone. A multi-instance task
-- occupies several nodes.
CREATE TABLE allocations (
    task    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    node    TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    slots   INTEGER NOT NULL,
    PRIMARY KEY (task, attempt, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_by_node ON allocations (node);

-- Counted by the triggers below, so that a job of a million tasks is counted in one look. Active tasks that wait for
-- others are counted as blocked.
CREATE TABLE task_counts (
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

-- Active jobs with a task that could be placed, in the order in which their pool takes them. Kept by the triggers below, so
-- that a pool finds its next job at once among thousands without any.
CREATE TABLE waiting_jobs (
    account  TEXT NOT NULL,
    pool_id  TEXT NOT NULL COLLATE NOCASE,
    urgency  INTEGER NOT NULL,                   -- the priority, negated: the smallest goes first
    job      INTEGER NOT NULL,
    PRIMARY KEY (account, pool_id, urgency, job)
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

CREATE TRIGGER job_waits AFTER INSERT ON task_counts WHEN NEW.state = 'active' BEGIN
    INSERT INTO waiting_jobs SELECT account, pool_id, -priority, key FROM jobs WHERE key = NEW.job AND state = 'active';
END;

CREATE TRIGGER job_waits_or_not AFTER UPDATE OF tasks ON task_counts
WHEN NEW.state = 'active' AND (OLD.tasks = 0) != (NEW.tasks = 0) BEGIN
    DELETE FROM waiting_jobs WHERE (account, pool_id, urgency, job)
        = (SELECT account, pool_id, -priority, key FROM jobs WHERE key = NEW.job);
    INSERT INTO waiting_jobs SELECT account, pool_id, -priority, key FROM jobs
        WHERE key = NEW.job AND state = 'active' AND NEW.tasks;
END;

CREATE TRIGGER waiting_job_changed AFTER UPDATE OF state, priority, pool_id ON jobs BEGIN
    DELETE FROM waiting_jobs
        WHERE account = OLD.account AND pool_id = OLD.pool_id AND urgency = -OLD.priority AND job = OLD.key;
    INSERT INTO waiting_jobs SELECT NEW.account, NEW.pool_id, -NEW.priority, job FROM task_counts
        WHERE job = NEW.key AND state = 'active' AND result = '' AND tasks AND NEW.state = 'active';
END;

CREATE TRIGGER waiting_job_deleted AFTER DELETE ON jobs BEGIN
    DELETE FROM waiting_jobs
        WHERE account = OLD.account AND pool_id = OLD.pool_id AND urgency = -OLD.priority AND job = OLD.key;
END;

-- A pool with the numbers of its nodes, and with its resize errors as JSON.
CREATE VIEW counted_pools AS SELECT
    pools.*,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND nodes.dedicated) AS current_dedicated,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND NOT nodes.dedicated) AS current_low_priority,
    (SELECT json_group_array(json_object('code', code, 'message', message)) FROM resize_errors
        WHERE resize_errors.pool = pools.key) AS resize_errors
FROM pools;

-- A node with the numbers of the tasks that occupy it, and of their slots.
CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT tasks FROM recent_tasks WHERE recent_tasks.node = nodes.key) AS recent_tasks,
    (SELECT definition FROM start_tasks WHERE start_tasks.node = nodes.key) AS start_task,
    EXISTS (SELECT 1 FROM unscheduled_nodes WHERE unscheduled_nodes.node = nodes.key) AS unscheduled,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
