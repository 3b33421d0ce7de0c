-- SPDX-License-Identifier: ISC
-- Signing in on another page: what a client without a browser of its own asked for, until somebody who is
-- signed in approves it; and what the client of a session calls itself.

-- state 1 waiting, 2 approved, 3 denied, 4 taken, 5 undone. Secrets are kept as their SHA-256.
CREATE TABLE devices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    secret     BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),  -- of what the client asks with
    code       BLOB    NOT NULL UNIQUE CHECK (length(code) = 32),    -- of what people compare
    challenge  BLOB    NOT NULL CHECK (length(challenge) = 32),      -- RFC 7636, S256
    port       INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),    -- of its loopback; 0: it has none
    mark       BLOB    NOT NULL,  -- what the client wants to see again there
    machine    BLOB    NOT NULL,
    os         BLOB    NOT NULL,
    version    BLOB    NOT NULL,
    source     BLOB    NOT NULL,
    created_s  INTEGER NOT NULL,
    expires_s  INTEGER NOT NULL,
    asked_ms   INTEGER NOT NULL,  -- when the client asked last; 0: never
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    account    INTEGER NOT NULL,  -- who decided; 0: nobody yet
    approver   INTEGER NOT NULL,  -- the session in which they did
    methods    BLOB    NOT NULL,
    factor_s   INTEGER NOT NULL,
    back       BLOB    NOT NULL,  -- of what their browser brings to the loopback; empty: nothing
    session    INTEGER NOT NULL   -- that was begun by it; 0: none
) STRICT;
CREATE INDEX devices_by_expiry ON devices (expires_s);
CREATE INDEX devices_by_state ON devices (state, expires_s);

ALTER TABLE sessions ADD COLUMN client BLOB NOT NULL DEFAULT x'';  -- empty: it gave no name
