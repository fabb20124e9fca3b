-- From version 10 to 11: pools find their jobs with waiting tasks without looking at the others.
CREATE TABLE waiting_jobs (
    account  TEXT NOT NULL,
    pool_id  TEXT NOT NULL COLLATE NOCASE,
    urgency  INTEGER NOT NULL,                   -- the priority, negated: the smallest goes first
    job      INTEGER NOT NULL,
    PRIMARY KEY (account, pool_id, urgency, job)
) STRICT, WITHOUT ROWID;

INSERT INTO waiting_jobs SELECT account, pool_id, -priority, key FROM jobs JOIN task_counts ON task_counts.job = jobs.key
    WHERE jobs.state = 'active' AND task_counts.state = 'active' AND tasks;

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
