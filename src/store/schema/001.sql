-- SPDX-License-Identifier: ISC
-- The index of the ledger: all of it can be made again from the records.
--
-- Whatever comes out of a record is bytes, since a certificate may hold any. `number` is the record's
-- place in the ledger, so it is also the order of time. A serial is kept with its highest bit flipped,
-- which keeps the order of unsigned numbers; valid_after and valid_before are unsigned as they are.

CREATE TABLE meta (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    node     BLOB    NOT NULL,  -- who this node is; empty until it is known
    origin   BLOB    NOT NULL,  -- which ledger is indexed; empty until the first record
    epoch    INTEGER NOT NULL,  -- of serials
    position INTEGER NOT NULL,  -- records indexed: the number of the next one
    termed   INTEGER NOT NULL   -- of these, how many have their terms written
) STRICT;
INSERT INTO meta VALUES (1, x'', x'', 0, 0, 0);

-- CA keys by the SHA-256 of their blob. Number 0 stands for "any CA".
CREATE TABLE cas (
    id   INTEGER PRIMARY KEY,
    hash BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;
INSERT INTO cas VALUES (0, zeroblob(32));

CREATE TABLE certs (
    number       INTEGER PRIMARY KEY,
    time_ms      INTEGER NOT NULL,
    serial       INTEGER NOT NULL,
    ca           INTEGER NOT NULL REFERENCES cas (id),
    type         INTEGER NOT NULL CHECK (type IN (1, 2)),
    key_id       BLOB    NOT NULL,
    key          BLOB    NOT NULL CHECK (length(key) = 32),  -- SHA-256 of the subject's key blob
    principals   BLOB    NOT NULL,                           -- string*
    valid_after  INTEGER NOT NULL,
    valid_before INTEGER NOT NULL,
    actor        BLOB    NOT NULL,
    role         BLOB    NOT NULL,
    request      BLOB    NOT NULL,
    source       BLOB    NOT NULL,
    policy       BLOB    NOT NULL
) STRICT;
CREATE INDEX certs_by_serial ON certs (serial);

-- What a record can be found by: its key, names and so on, each as 64 bits of a hash (terms.h). What is
-- found is compared in full. Hashes are random, and a row on a page of its own is a page to write: so
-- terms are written for some thousand records at a time, into a segment that is small enough for
-- several of them to meet on a page. The cost of a row then does not grow with the table.
CREATE TABLE terms (
    segment INTEGER NOT NULL,
    term    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (segment, term, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    number  INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    type    BLOB    NOT NULL,
    actor   BLOB    NOT NULL,
    object  BLOB    NOT NULL,
    details BLOB    NOT NULL
) STRICT;

-- Where in the ledger a time is: one row for each batch that was indexed.
CREATE TABLE marks (
    time_ms INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (time_ms, number)
) STRICT, WITHOUT ROWID;

-- Which records a request made, so that asking again gives the same ones.
CREATE TABLE idempotency (
    key       BLOB    NOT NULL CHECK (length(key) = 32),
    number    INTEGER NOT NULL,
    request   BLOB    NOT NULL CHECK (length(request) = 32),
    expires_s INTEGER NOT NULL,
    PRIMARY KEY (key, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_s);
