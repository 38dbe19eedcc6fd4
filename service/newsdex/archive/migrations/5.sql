-- Where an erasure ends: what came later is another text, once the erasure is lifted.

ALTER TABLE erasures ADD COLUMN last_incarnation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE erasures ADD COLUMN last_position INTEGER NOT NULL DEFAULT 0;
UPDATE erasures SET (last_incarnation, last_position) =
    (SELECT (SELECT max(incarnation) FROM incarnations), last_sequence FROM stream);
