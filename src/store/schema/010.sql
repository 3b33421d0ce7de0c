-- SPDX-License-Identifier: ISC
-- What was had in an emergency, and who looked at it afterwards.

-- state 1 open, 2 done, 3 nothing was issued; kind 1 loud, 2 sealed. Never forgotten.
CREATE TABLE reviews (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,  -- one more with each change, which names the one it saw
    state    INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),
    is_drill INTEGER NOT NULL CHECK (is_drill BETWEEN 0 AND 1),
    user     BLOB    NOT NULL,  -- who asked
    holder   BLOB    NOT NULL,  -- who the certificate is for
    role     BLOB    NOT NULL,
    zone     BLOB    NOT NULL,
    reason   BLOB    NOT NULL,
    source   BLOB    NOT NULL,
    key      BLOB    NOT NULL CHECK (length(key) = 32),  -- SHA-256 of the subject's key blob
    opened_s INTEGER NOT NULL,
    serial   INTEGER NOT NULL,  -- as in certs; that of 0: none
    ends_s   INTEGER NOT NULL,  -- of the certificate
    uses     INTEGER NOT NULL,  -- logins with it
    used_s   INTEGER NOT NULL,  -- the last; 0: none
    done_by  BLOB    NOT NULL,
    note     BLOB    NOT NULL,
    done_s   INTEGER NOT NULL
) STRICT;
CREATE INDEX reviews_by_state ON reviews (state, id);
CREATE INDEX reviews_by_serial ON reviews (serial, id);
CREATE INDEX reviews_by_drill ON reviews (is_drill, opened_s);
