-- SPDX-License-Identifier: ISC
-- Words by which records are found, and the terms (001.sql) of the values that they stand in: words.h.
CREATE TABLE words (
    word BLOB    NOT NULL,
    term INTEGER NOT NULL,
    PRIMARY KEY (word, term)
) STRICT, WITHOUT ROWID;

-- There are terms of more kinds now, and words for all of them: both are made anew, a segment with each batch.
DELETE FROM terms;
UPDATE meta SET termed = 0;
