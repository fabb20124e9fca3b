-- From version 15 to 16: tasks may run on several nodes at once.
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

CREATE TABLE allocations_16 (
    task    INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    node    TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    slots   INTEGER NOT NULL,
    PRIMARY KEY (task, attempt, node)
) STRICT, WITHOUT ROWID;
INSERT INTO allocations_16 SELECT * FROM allocations;
DROP VIEW busy_nodes;
DROP TABLE allocations;
ALTER TABLE allocations_16 RENAME TO allocations;
CREATE INDEX allocations_by_node ON allocations (node);
CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT tasks FROM recent_tasks WHERE recent_tasks.node = nodes.key) AS recent_tasks,
    (SELECT definition FROM start_tasks WHERE start_tasks.node = nodes.key) AS start_task,
    EXISTS (SELECT 1 FROM unscheduled_nodes WHERE unscheduled_nodes.node = nodes.key) AS unscheduled,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
