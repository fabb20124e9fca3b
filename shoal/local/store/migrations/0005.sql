-- From version 4 to 5: a node knows the start task that it ran.
CREATE TABLE start_tasks (
    node        INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE,
    definition  BLOB NOT NULL
) STRICT;

DROP VIEW busy_nodes;
CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT definition FROM start_tasks WHERE start_tasks.node = nodes.key) AS start_task,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
