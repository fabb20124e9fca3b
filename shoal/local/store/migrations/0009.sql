-- From version 8 to 9: the scheduling of tasks on a node can be disabled, and nodes have users.
CREATE TABLE unscheduled_nodes (
    node  INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE
) STRICT;

CREATE TABLE node_users (
    node  INTEGER NOT NULL REFERENCES nodes (key) ON DELETE CASCADE,
    name  TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (node, name)
) STRICT, WITHOUT ROWID;

DROP VIEW busy_nodes;
CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT definition FROM start_tasks WHERE start_tasks.node = nodes.key) AS start_task,
    EXISTS (SELECT 1 FROM unscheduled_nodes WHERE unscheduled_nodes.node = nodes.key) AS unscheduled,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
