-- SPDX-License-Identifier: ISC
-- Tickets: what somebody who is signed in may have signed once, without a client, by the secret of an address.

-- state 1 waiting, 2 used. Secrets are kept as their SHA-256.
CREATE TABLE tickets (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    secret    BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    account   INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session   INTEGER NOT NULL,  -- in which it was made; over, it counts no more
    created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL CHECK (expires_s > 0),
    ask       BLOB    NOT NULL,  -- all that was asked
    granted   BLOB    NOT NULL,  -- and all that would be granted
    state     INTEGER NOT NULL CHECK (state IN (1, 2)),
    source    BLOB    NOT NULL,  -- where it was used
    used_s    INTEGER NOT NULL,
    serial    INTEGER NOT NULL   -- as in certs; that of 0: none
) STRICT;
CREATE INDEX tickets_by_account ON tickets (account, state);
CREATE INDEX tickets_by_end ON tickets (expires_s);
