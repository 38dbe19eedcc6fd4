-- The schema of version 3, as archives of it have it.

CREATE TABLE articles (
    id                TEXT PRIMARY KEY,
    sequence          INTEGER NOT NULL UNIQUE,  -- of the last change that search must see: the change feed
    version           INTEGER,                  -- of the newest publication, with time_us and digest its order
    time_us           INTEGER,
    digest            TEXT,
    withdrawn_version INTEGER,                  -- highest version a withdrawal named
    withdrawn_us      INTEGER,                  -- latest withdrawal that named none
    content           BLOB,                     -- the article as JSON; NULL is a tombstone
    embargoed_us      INTEGER,
    expires_us        INTEGER,
    correlation_id    TEXT NOT NULL
);
-- what search must hide by itself while the index lags behind
CREATE INDEX articles_hideable ON articles (sequence)
    WHERE content IS NULL OR embargoed_us IS NOT NULL OR expires_us IS NOT NULL;

-- what begins or ceases to be shown next
CREATE INDEX articles_embargoed ON articles (embargoed_us) WHERE embargoed_us IS NOT NULL;
CREATE INDEX articles_expiring ON articles (expires_us) WHERE expires_us IS NOT NULL;

CREATE TABLE ledger (
    number          INTEGER PRIMARY KEY,
    at_us           INTEGER NOT NULL,
    source          TEXT NOT NULL,
    event_id        TEXT NOT NULL,
    type            TEXT,
    subject         TEXT NOT NULL,
    stream_sequence INTEGER NOT NULL,
    stored_us       INTEGER NOT NULL,
    deliveries      INTEGER NOT NULL,
    article_id      TEXT,
    outcome         TEXT NOT NULL,
    reason          TEXT NOT NULL,
    sequence        INTEGER,
    parked_id       INTEGER,
    correlation_id  TEXT NOT NULL
);
CREATE INDEX ledger_article ON ledger (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX ledger_event ON ledger (event_id, source);
CREATE INDEX ledger_stream ON ledger (stream_sequence);
CREATE INDEX ledger_at ON ledger (at_us);

CREATE TABLE parked (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us           INTEGER NOT NULL,
    subject         TEXT NOT NULL,
    headers         TEXT NOT NULL,   -- JSON
    body            BLOB NOT NULL,   -- the message's bytes, as they came
    stream_sequence INTEGER NOT NULL,
    stored_us       INTEGER NOT NULL,
    code            TEXT NOT NULL,
    message         TEXT NOT NULL,
    place           TEXT,
    source          TEXT NOT NULL,
    event_id        TEXT NOT NULL,
    correlation_id  TEXT NOT NULL,
    article_id      TEXT,
    status          TEXT NOT NULL DEFAULT 'open',  -- open, resolved, dropped
    attempts        INTEGER NOT NULL DEFAULT 1,
    resolution      TEXT,
    claimed_version INTEGER,         -- the version it was to bring; NULL where that cannot be told
    claimed_us      INTEGER,         -- and its time
    closed_us       INTEGER
);
CREATE INDEX parked_open ON parked (code, at_us) WHERE status = 'open';
CREATE INDEX parked_article ON parked (article_id) WHERE status = 'open';
CREATE INDEX parked_event ON parked (event_id, source) WHERE status = 'open';
