-- From version 11 to 12: filters find the few tasks that have failed, and pages begin at once.
CREATE INDEX tasks_by_age ON tasks (job);
CREATE INDEX tasks_unsuccessful ON tasks (job) WHERE result != 'success';
CREATE INDEX tasks_unsuccessful_by_state ON tasks (job, state) WHERE result != 'success';
CREATE INDEX tasks_nonzero ON tasks (job) WHERE exit_code != 0;
CREATE INDEX tasks_nonzero_by_state ON tasks (job, state) WHERE exit_code != 0;
