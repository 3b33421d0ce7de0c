-- SPDX-License-Identifier: ISC
-- What hosts were given to install, what they report, and the logins that their sshd saw.
--
-- Hosts are named by their number in the table of hosts, so that writing a report, which is often, leaves
-- the host's own row alone.

-- The newest version of what a host must install.
CREATE TABLE host_states (
    host    INTEGER PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)  -- SHA-256 of the content
) STRICT;

-- The newest report.
CREATE TABLE host_reports (
    host            INTEGER PRIMARY KEY,
    time_s          INTEGER NOT NULL,  -- when it came, by our clock
    clock_ms        INTEGER NOT NULL,  -- how far the host's is ahead
    krl_version     INTEGER NOT NULL,
    krl_generated_s INTEGER NOT NULL,
    state_version   INTEGER NOT NULL,
    trust_version   INTEGER NOT NULL,
    health          BLOB    NOT NULL,
    agent           BLOB    NOT NULL,
    sshd            BLOB    NOT NULL,
    problems        BLOB    NOT NULL,  -- string*
    ca_keys         BLOB    NOT NULL,  -- string*
    settings        BLOB    NOT NULL   -- string*
) STRICT;

-- The number of the login that a host sends next.
CREATE TABLE host_login_places (
    host INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- A number is the login's time in milliseconds, times 2^20, and a count: so the order of numbers is the
-- order of time, whenever a host came to send them. outcome 1 accepted, 2 refused. A serial is kept as in
-- certs; that of 0: none.
CREATE TABLE logins (
    id          INTEGER PRIMARY KEY,
    host        BLOB    NOT NULL,  -- its name then
    outcome     INTEGER NOT NULL CHECK (outcome IN (1, 2)),
    login       BLOB    NOT NULL,
    user        BLOB    NOT NULL,  -- whose certificate it was; empty: nobody's that is known
    key_id      BLOB    NOT NULL,
    serial      INTEGER NOT NULL,
    source      BLOB    NOT NULL,
    method      BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    ca          BLOB    NOT NULL,
    reason      BLOB    NOT NULL,
    line        BLOB    NOT NULL,
    alarm       BLOB    NOT NULL   -- empty: none
) STRICT;
CREATE INDEX logins_by_host ON logins (host, id);
CREATE INDEX logins_by_login ON logins (login, id);
CREATE INDEX logins_by_user ON logins (user, id);
CREATE INDEX logins_by_key_id ON logins (key_id, id);
CREATE INDEX logins_by_serial ON logins (serial, id);
CREATE INDEX logins_with_alarm ON logins (id) WHERE alarm <> x'';
