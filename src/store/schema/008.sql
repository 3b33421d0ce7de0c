-- SPDX-License-Identifier: ISC
-- Who has which CA keys: what the client of a session last showed, and a CA key's certificates by their
-- end, so that the last of them is found without looking at all.

ALTER TABLE sessions ADD COLUMN trust_version INTEGER NOT NULL DEFAULT 0;  -- 0: it never said
CREATE INDEX certs_by_ca ON certs (ca, valid_before);
