-- From version 12 to 13: dependencies on ranges are kept as parts that many tasks share.
CREATE TABLE range_parts (
    job     INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    PRIMARY KEY (job, size, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE range_dependencies_13 (
    job   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (job, first, last, child)
) STRICT, WITHOUT ROWID;
WITH RECURSIVE
    sizes(size) AS (SELECT 1 UNION ALL SELECT size * 2 FROM sizes WHERE size < 4294967296),
    parts(job, first, last, final, child) AS (
        SELECT job, first, first - 1 + (SELECT max(size) FROM sizes WHERE first % size = 0 AND first - 1 + size <= last),
            last, child
            FROM range_dependencies
        UNION ALL
        SELECT job, last + 1, last + (SELECT max(size) FROM sizes WHERE (last + 1) % size = 0 AND last + size <= final),
            final, child
            FROM parts WHERE last < final
    )
    INSERT INTO range_dependencies_13 SELECT DISTINCT job, first, last, child FROM parts;
INSERT INTO range_parts
    SELECT job, last - first + 1, first, last - first + 1 - (
        SELECT count(*) FROM satisfied_integers AS satisfied
            WHERE satisfied.job = waited.job AND integer BETWEEN waited.first AND waited.last
    ) AS missing
    FROM (SELECT DISTINCT job, first, last FROM range_dependencies_13) AS waited WHERE missing > 0;
UPDATE tasks SET blockers = waits.parts + (SELECT count(*) FROM dependencies WHERE dependencies.child = tasks.key)
    FROM (
        SELECT child, count(range_parts.first) AS parts FROM range_dependencies_13 AS waited
            LEFT JOIN range_parts ON range_parts.job = waited.job AND range_parts.first = waited.first
            AND range_parts.size = waited.last - waited.first + 1 GROUP BY child
    ) AS waits
    WHERE tasks.key = waits.child;
DROP TABLE range_dependencies;
ALTER TABLE range_dependencies_13 RENAME TO range_dependencies;
