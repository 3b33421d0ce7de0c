-- SPDX-License-Identifier: ISC
-- Revocation, and the way in: what is revoked, lists that were published, profiles and API tokens.

-- kind 1: a serial (8 bytes, big-endian) of `ca`; 2: a key ID; 3: the SHA-256 of a key;
-- 4: the SHA-256 of a CA's key.
CREATE TABLE revocations (
    id      INTEGER PRIMARY KEY,
    kind    INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
    value   BLOB    NOT NULL,
    ca      INTEGER NOT NULL REFERENCES cas (id),
    number  INTEGER NOT NULL,  -- the record that says so
    time_ms INTEGER NOT NULL,
    actor   BLOB    NOT NULL,
    reason  BLOB    NOT NULL,
    until_s INTEGER NOT NULL,  -- when it need not be in a list any more; 0: never
    UNIQUE (kind, value, ca)
) STRICT;
CREATE INDEX revocations_by_ca ON revocations (ca, id);

CREATE TABLE krls (
    ca          INTEGER NOT NULL REFERENCES cas (id),
    version     INTEGER NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    generated_s INTEGER NOT NULL,
    entries     INTEGER NOT NULL,
    PRIMARY KEY (ca, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    name       BLOB    PRIMARY KEY NOT NULL,
    type       INTEGER NOT NULL CHECK (type IN (1, 2)),
    principals BLOB    NOT NULL,  -- string*: names and patterns
    options    BLOB    NOT NULL,  -- string*
    max_ttl_s  INTEGER NOT NULL CHECK (max_ttl_s > 0),
    updated_s  INTEGER NOT NULL,
    actor      BLOB    NOT NULL
) STRICT;

-- The secret itself is nowhere: only its SHA-256. Numbers are never used again.
CREATE TABLE tokens (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        BLOB    NOT NULL UNIQUE,
    secret      BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    scopes      BLOB    NOT NULL,  -- string*
    profile     BLOB    REFERENCES profiles (name),
    actor       BLOB    NOT NULL,  -- who made it
    created_s   INTEGER NOT NULL,
    expires_s   INTEGER NOT NULL,
    last_used_s INTEGER NOT NULL,  -- to the hour; 0: never
    disabled_s  INTEGER NOT NULL   -- 0: it is not
) STRICT;
CREATE INDEX tokens_by_profile ON tokens (profile);
