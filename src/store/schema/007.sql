-- SPDX-License-Identifier: ISC
-- Passkeys: public keys that let their user in. doc/identity.md says what is kept.

CREATE TABLE passkeys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES accounts (id),
    credential BLOB    NOT NULL UNIQUE CHECK (length(credential) BETWEEN 1 AND 1023),
    algorithm  INTEGER NOT NULL,  -- COSE's number
    key        BLOB    NOT NULL,
    answers    INTEGER NOT NULL,  -- as the passkey counts them
    backup     INTEGER NOT NULL CHECK (backup BETWEEN 0 AND 3),  -- 1: may be copied, 2: was
    aaguid     BLOB    NOT NULL CHECK (length(aaguid) = 16),
    name       BLOB    NOT NULL,
    created_s  INTEGER NOT NULL,
    used_s     INTEGER NOT NULL   -- last; 0: never
) STRICT;
CREATE INDEX passkeys_by_account ON passkeys (account, id);
