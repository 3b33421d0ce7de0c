-- SPDX-License-Identifier: ISC
-- Enrolled hosts, and the tokens that enrol them. Secrets are nowhere: only their SHA-256.

CREATE TABLE host_tokens (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    secret    BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    match     BLOB    NOT NULL,  -- a name, or a pattern
    zone      BLOB    NOT NULL,
    labels    BLOB    NOT NULL,  -- string*
    networks  BLOB    NOT NULL,  -- string*; none: anywhere
    uses      INTEGER NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    actor     BLOB    NOT NULL,  -- who made it
    created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL
) STRICT;
CREATE INDEX host_tokens_by_expiry ON host_tokens (expires_s);

-- state 1 waiting, 2 active, 3 locked, 4 retired. Numbers are never used again. A name may stand in many
-- rows, since retired ones stay; whose it is, host_names says.
CREATE TABLE hosts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    revision    INTEGER NOT NULL,  -- one more with each change, which names the one it saw
    state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    name        BLOB    NOT NULL,
    former      BLOB    NOT NULL,
    zone        BLOB    NOT NULL,
    labels      BLOB    NOT NULL,  -- string*
    aliases     BLOB    NOT NULL,  -- string*
    approvers   BLOB    NOT NULL,  -- string*
    needed      INTEGER NOT NULL,
    why         BLOB    NOT NULL,
    made_by     BLOB    NOT NULL,
    token       INTEGER NOT NULL,  -- 0: none
    machine     BLOB    NOT NULL CHECK (length(machine) = 32),
    keyset      BLOB    NOT NULL CHECK (length(keyset) = 32),
    generation  INTEGER NOT NULL,
    used        INTEGER NOT NULL,  -- the highest generation that came
    collect_s   INTEGER NOT NULL,
    renew       INTEGER NOT NULL,
    source      BLOB    NOT NULL,
    agent       BLOB    NOT NULL,
    sshd        BLOB    NOT NULL,
    created_s   INTEGER NOT NULL,
    seen_s      INTEGER NOT NULL,
    renewed_s   INTEGER NOT NULL,
    until_s     INTEGER NOT NULL   -- of those that wait; else 0
) STRICT;
CREATE INDEX hosts_by_name ON hosts (name, id);
CREATE INDEX hosts_by_state ON hosts (state, name, id);
CREATE INDEX hosts_by_end ON hosts (until_s) WHERE until_s > 0;

-- Names and aliases of hosts that are active or locked: each belongs to one.
CREATE TABLE host_names (
    name BLOB    PRIMARY KEY NOT NULL,
    host INTEGER NOT NULL REFERENCES hosts (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_names_by_host ON host_names (host);

CREATE TABLE host_keys (
    host           INTEGER NOT NULL REFERENCES hosts (id),
    place          INTEGER NOT NULL,
    hash           BLOB    NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of its blob
    type           BLOB    NOT NULL,
    serial         INTEGER NOT NULL,  -- of its newest certificate, as in certs; that of 0: none
    valid_before_s INTEGER NOT NULL,
    PRIMARY KEY (host, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_keys_by_hash ON host_keys (hash);

-- A secret of an earlier generation stays for a while, so that who comes with it is known for a copy.
CREATE TABLE host_secrets (
    secret     BLOB    PRIMARY KEY NOT NULL CHECK (length(secret) = 32),
    host       INTEGER NOT NULL REFERENCES hosts (id),
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_secrets_by_host ON host_secrets (host, generation);
