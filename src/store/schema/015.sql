-- SPDX-License-Identifier: ISC
-- What two administrators decide about a CA key: to destroy it, or to revoke it and all that it signed.
CREATE TABLE proposals (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    revision   INTEGER NOT NULL,
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),  -- open, done, withdrawn, void
    act        INTEGER NOT NULL CHECK (act BETWEEN 1 AND 2),    -- destroy, revoke
    key        BLOB    NOT NULL CHECK (length(key) = 32),       -- SHA-256 of the CA key's blob
    about      BLOB    NOT NULL CHECK (length(about) = 32),     -- of all that has to stay the same
    proposer   BLOB    NOT NULL,                                -- the name of a user
    reason     BLOB    NOT NULL,
    source     BLOB    NOT NULL,
    without    BLOB    NOT NULL,                                -- string*: hosts
    is_hurried INTEGER NOT NULL,
    made_s     INTEGER NOT NULL,
    ends_s     INTEGER NOT NULL,
    decider    BLOB    NOT NULL,
    decided_s  INTEGER NOT NULL
) STRICT;
CREATE INDEX proposals_by_state ON proposals (state, key);
