-- The order of events by time and place: two candidates and the bounds of withdrawals instead of three maxima.

ALTER TABLE ledger ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE ledger ADD COLUMN fingerprint BLOB;
ALTER TABLE ledger ADD COLUMN other_source TEXT;
ALTER TABLE ledger ADD COLUMN copy_of INTEGER;
DROP INDEX ledger_event;
CREATE INDEX ledger_event ON ledger (event_id, source, fingerprint);

ALTER TABLE parked ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 1;
UPDATE parked SET claimed_us = -9223372036854775808 WHERE claimed_us = stored_us;
UPDATE parked SET claimed_version = -9223372036854775808
    WHERE claimed_version = -1 OR (claimed_version = 0 AND subject <> 'articles.withdrawn');

ALTER TABLE articles RENAME TO old_articles;
DROP INDEX articles_hideable;
DROP INDEX articles_embargoed;
DROP INDEX articles_expiring;

CREATE TABLE articles (
    id                TEXT PRIMARY KEY,
    sequence          INTEGER NOT NULL UNIQUE,  -- of the last change that search must see: the change feed
    content           BLOB,                     -- the article as JSON; NULL is a tombstone
    digest            TEXT,                     -- of the content
    embargoed_us      INTEGER,
    expires_us        INTEGER,
    correlation_id    TEXT NOT NULL,
    shown             TEXT,                     -- versioned or unversioned: which of the two below the content is
    -- the newest publication with a version; a place is an incarnation of the stream and a position in it
    version                INTEGER,
    versioned_stated_us    INTEGER,
    versioned_stored_us    INTEGER,
    versioned_incarnation  INTEGER,
    versioned_position     INTEGER,
    versioned_source       TEXT,
    versioned_content      BLOB,                -- NULL where it is shown, or covered by a withdrawal
    -- and the newest one without
    unversioned_stated_us   INTEGER,
    unversioned_stored_us   INTEGER,
    unversioned_incarnation INTEGER,
    unversioned_position    INTEGER,
    unversioned_source      TEXT,
    unversioned_content     BLOB,
    -- latest place and latest time of the withdrawals without a version, of those with one, of those with the highest
    withdrawn_incarnation INTEGER,
    withdrawn_position    INTEGER,
    withdrawn_us          INTEGER,
    withdrawn_by_version_incarnation INTEGER,
    withdrawn_by_version_position    INTEGER,
    withdrawn_by_version_us          INTEGER,
    withdrawn_version                  INTEGER,
    withdrawn_this_version_incarnation INTEGER,
    withdrawn_this_version_position    INTEGER,
    withdrawn_this_version_us          INTEGER
);
-- what search must hide by itself while the index lags behind
CREATE INDEX articles_hideable ON articles (sequence)
    WHERE content IS NULL OR embargoed_us IS NOT NULL OR expires_us IS NOT NULL;
-- what begins or ceases to be shown next
CREATE INDEX articles_embargoed ON articles (embargoed_us) WHERE embargoed_us IS NOT NULL;
CREATE INDEX articles_expiring ON articles (expires_us) WHERE expires_us IS NOT NULL;

-- events that messages stored before them may still belong to: kept whole until those are handled
CREATE TABLE unsettled (
    article_id  TEXT NOT NULL,
    source      TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    withdrawal  INTEGER NOT NULL,
    version     INTEGER,
    stated_us   INTEGER,
    stored_us   INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    content     BLOB NOT NULL
);
CREATE INDEX unsettled_article ON unsettled (article_id);

-- the stream that events come from, one row
CREATE TABLE stream (
    created          TEXT,              -- when the broker made it; NULL while that is unknown
    last_sequence    INTEGER NOT NULL,  -- the highest message that was handled, and when the broker stored it
    last_stored_us   INTEGER NOT NULL,
    settled_sequence INTEGER NOT NULL   -- every message up to this one was handled
);
INSERT INTO stream VALUES (NULL, 0, 0, 0);

-- a message belongs to the highest incarnation that begins at its number or before
CREATE TABLE incarnations (
    incarnation    INTEGER PRIMARY KEY,
    first_sequence INTEGER NOT NULL
);
INSERT INTO incarnations VALUES (1, 0);

UPDATE stream SET (last_sequence, last_stored_us, settled_sequence) = (
    SELECT stream_sequence, stored_us, stream_sequence FROM ledger ORDER BY stream_sequence DESC, number DESC LIMIT 1
) WHERE EXISTS (SELECT 1 FROM ledger);

-- What is shown goes on being shown, and what is withdrawn goes on being withdrawn. Where a withdrawal covers the
-- publication its place is that of the last one in the ledger, and the publication stands before all of them; where it
-- does not, the withdrawal stands before everything.
CREATE TEMP VIEW withdrawals AS
SELECT article_id, max(stream_sequence) AS position, max(stored_us) AS stored_us FROM ledger
WHERE subject = 'articles.withdrawn' AND outcome <> 'parked' GROUP BY article_id;

CREATE TEMP VIEW kept AS
SELECT a.*,
    a.content IS NOT NULL AS live,
    CASE WHEN a.content IS NULL THEN a.version > 0
        ELSE json_extract(CAST(a.content AS TEXT), '$.version') IS NOT NULL END AS numbered,
    nullif(a.time_us, l.stored_us) AS stated_us,
    coalesce(l.stored_us, a.time_us) AS published_us,
    coalesce(l.stream_sequence, 0) AS published_at,
    coalesce(l.source, '') AS source,
    CASE WHEN a.content IS NULL THEN coalesce((SELECT position FROM withdrawals WHERE article_id = a.id), 1)
        ELSE 0 END AS withdrawn_at,
    CASE WHEN a.content IS NULL
        THEN coalesce((SELECT stored_us FROM withdrawals WHERE article_id = a.id), a.time_us, a.withdrawn_us, 0)
        ELSE -9223372036854775808 END AS withdrawn_by,
    -- a publisher's clock does not run ahead of the broker's
    min(a.withdrawn_us, coalesce((SELECT stored_us FROM withdrawals WHERE article_id = a.id), a.withdrawn_us))
        AS withdrawn_time
FROM old_articles AS a LEFT JOIN ledger AS l ON l.number = (
    SELECT number FROM ledger WHERE article_id = a.id AND sequence = a.sequence AND a.content IS NOT NULL);

INSERT INTO articles (
    id, sequence, content, digest, embargoed_us, expires_us, correlation_id, shown,
    version, versioned_stated_us, versioned_stored_us, versioned_incarnation, versioned_position, versioned_source,
    unversioned_stated_us, unversioned_stored_us, unversioned_incarnation, unversioned_position, unversioned_source,
    withdrawn_incarnation, withdrawn_position, withdrawn_us,
    withdrawn_by_version_incarnation, withdrawn_by_version_position, withdrawn_by_version_us,
    withdrawn_version,
    withdrawn_this_version_incarnation, withdrawn_this_version_position, withdrawn_this_version_us
)
SELECT
    id, sequence, content, iif(live, digest, NULL), embargoed_us, expires_us, correlation_id,
    iif(live, iif(numbered, 'versioned', 'unversioned'), NULL),
    iif(numbered, version, NULL), iif(numbered, stated_us, NULL), iif(numbered, published_us, NULL),
    iif(numbered, 1, NULL), iif(numbered, published_at, NULL), iif(numbered, source, NULL),
    iif(NOT numbered, stated_us, NULL), iif(NOT numbered, published_us, NULL),
    iif(NOT numbered, 1, NULL), iif(NOT numbered, published_at, NULL), iif(NOT numbered, source, NULL),
    iif(withdrawn_us IS NULL, NULL, 1), iif(withdrawn_us IS NULL, NULL, withdrawn_at), withdrawn_time,
    iif(withdrawn_version IS NULL, NULL, 1), iif(withdrawn_version IS NULL, NULL, withdrawn_at),
    iif(withdrawn_version IS NULL, NULL, withdrawn_by),
    withdrawn_version,
    iif(withdrawn_version IS NULL, NULL, 1), iif(withdrawn_version IS NULL, NULL, withdrawn_at),
    iif(withdrawn_version IS NULL, NULL, withdrawn_by)
FROM kept;

DROP VIEW kept;
DROP VIEW withdrawals;
DROP TABLE old_articles;
