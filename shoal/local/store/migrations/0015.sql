-- From version 14 to 15: nodes know their last tasks.
CREATE TABLE recent_tasks (
    node   INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE,
    tasks  TEXT NOT NULL
) STRICT;
DROP VIEW busy_nodes;
CREATE VIEW busy_nodes AS SELECT
    nodes.*,
    (SELECT tasks FROM recent_tasks WHERE recent_tasks.node = nodes.key) AS recent_tasks,
    (SELECT definition FROM start_tasks WHERE start_tasks.node = nodes.key) AS start_task,
    EXISTS (SELECT 1 FROM unscheduled_nodes WHERE unscheduled_nodes.node = nodes.key) AS unscheduled,
    (SELECT count(*) FROM allocations WHERE allocations.node = nodes.id) AS running_tasks,
    (SELECT ifnull(sum(slots), 0) FROM allocations WHERE allocations.node = nodes.id) AS running_slots
FROM nodes;
