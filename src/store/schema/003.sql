-- SPDX-License-Identifier: ISC
-- People: accounts, what is kept of their passwords and second factors, tries, sessions, one-time links.
--
-- The policy says who is a user; an account is what the service keeps for one. Its number is never used
-- again, since what identity keeps is bound to it. Secrets are nowhere: only their SHA-256.

CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        BLOB    NOT NULL UNIQUE,
    created_s   INTEGER NOT NULL,
    signed_in_s INTEGER NOT NULL   -- last; 0: never
) STRICT;

-- method 1: password, 2: TOTP, 3: recovery codes. doc/identity.md says what is stored and how it may
-- change.
CREATE TABLE credentials (
    account   INTEGER NOT NULL REFERENCES accounts (id),
    method    INTEGER NOT NULL CHECK (method BETWEEN 1 AND 3),
    stored    BLOB    NOT NULL,
    step      INTEGER NOT NULL,  -- TOTP: the last that was accepted
    remaining INTEGER NOT NULL,  -- recovery codes that can still be used
    PRIMARY KEY (account, method)
) STRICT, WITHOUT ROWID;

-- How often somebody tried: an account (no source), a source (nobody), or both.
CREATE TABLE tries (
    who     BLOB    NOT NULL,
    source  BLOB    NOT NULL,
    state   BLOB    NOT NULL,
    until_s INTEGER NOT NULL,  -- when it may be forgotten; 0: never
    PRIMARY KEY (who, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_by_end ON tries (until_s);

CREATE TABLE sessions (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    secret    BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    account   INTEGER NOT NULL REFERENCES accounts (id),
    methods   BLOB    NOT NULL,  -- "password+totp"
    source    BLOB    NOT NULL,  -- where it was begun
    created_s INTEGER NOT NULL,
    used_s    INTEGER NOT NULL,  -- to the minute
    factor_s  INTEGER NOT NULL,  -- when the second factor was last given
    idle_s    INTEGER NOT NULL,  -- how long it may be unused
    ends_s    INTEGER NOT NULL,  -- in any case
    until_s   INTEGER NOT NULL   -- as things are: the lesser of ends_s and used_s + idle_s
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account, id);
CREATE INDEX sessions_by_end ON sessions (until_s);

-- One for each account: a new one takes the place of the one before.
CREATE TABLE links (
    account   INTEGER PRIMARY KEY REFERENCES accounts (id),
    secret    BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    actor     BLOB    NOT NULL,  -- who made it
    expires_s INTEGER NOT NULL,
    password  BLOB    NOT NULL,  -- what will be stored once a code was accepted; empty: not begun
    totp      BLOB    NOT NULL
) STRICT;
CREATE INDEX links_by_end ON links (expires_s);
