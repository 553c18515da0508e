-- Accounts that are to be in nothing any more: a salted hash, so that they are known again and nowhere named.
CREATE TABLE forgotten (
    digest       TEXT PRIMARY KEY,
    forgotten_at INTEGER NOT NULL                     -- UTC seconds
) STRICT;
