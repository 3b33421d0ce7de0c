-- SPDX-License-Identifier: ISC
-- The policy in all its versions, and requests that others approve.

CREATE TABLE policies (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    time_s  INTEGER NOT NULL,
    actor   BLOB    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of the text
    number  INTEGER NOT NULL,                            -- the record that says so
    text    BLOB    NOT NULL                             -- vouch-policy(5)
) STRICT;

-- state 1 waiting, 2 approved, 3 denied, 4 cancelled, 5 expired, 6 taken. Numbers are never used again.
CREATE TABLE requests (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    revision   INTEGER NOT NULL,  -- one more with each change, which names the one it saw
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
    user       BLOB    NOT NULL,
    zone       BLOB    NOT NULL,
    created_s  INTEGER NOT NULL,
    expires_s  INTEGER NOT NULL,
    ttl_s      INTEGER NOT NULL,
    key        BLOB    NOT NULL CHECK (length(key) = 32),  -- SHA-256 of the subject's key blob
    missing    INTEGER NOT NULL,
    serial     INTEGER NOT NULL,  -- as in certs; that of 0: none
    roles      BLOB    NOT NULL,  -- string*
    principals BLOB    NOT NULL,  -- string*
    approvers  BLOB    NOT NULL,  -- string*
    reason     BLOB    NOT NULL,
    source     BLOB    NOT NULL,
    decided_by BLOB    NOT NULL,
    comment    BLOB    NOT NULL,
    ask        BLOB    NOT NULL,  -- all that was asked
    approved   BLOB    NOT NULL   -- all that would be granted
) STRICT;
CREATE INDEX requests_by_user ON requests (user, id);
CREATE INDEX requests_by_state ON requests (state, id);
CREATE INDEX requests_by_expiry ON requests (state, expires_s);
