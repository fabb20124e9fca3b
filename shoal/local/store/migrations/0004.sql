-- From version 3 to 4: a pool knows why its last resize did not reach its targets.
CREATE TABLE resize_errors (
    pool     INTEGER NOT NULL REFERENCES pools (key) ON DELETE CASCADE,
    code     TEXT NOT NULL,
    message  TEXT NOT NULL,
    PRIMARY KEY (pool, code, message)
) STRICT, WITHOUT ROWID;

DROP VIEW counted_pools;
CREATE VIEW counted_pools AS SELECT
    pools.*,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND nodes.dedicated) AS current_dedicated,
    (SELECT count(*) FROM nodes WHERE nodes.pool = pools.key AND NOT nodes.dedicated) AS current_low_priority,
    (SELECT json_group_array(json_object('code', code, 'message', message)) FROM resize_errors
        WHERE resize_errors.pool = pools.key) AS resize_errors
FROM pools;
