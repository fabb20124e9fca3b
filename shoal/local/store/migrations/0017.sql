-- From version 16 to 17: the time of machines is kept when they go.
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
INSERT INTO node_usage
    SELECT nodes.id, account, pools.id, json_extract(CAST(definition AS TEXT), '$.vmSize'), dedicated, allocated, NULL
    FROM nodes JOIN pools ON pools.key = nodes.pool
    WHERE nodes.state NOT IN ('creating', 'preempted', 'deallocated', 'leavingpool');
