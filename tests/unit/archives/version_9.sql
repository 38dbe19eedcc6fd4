-- The archive, version 9. Times are microseconds since 1970-01-01T00:00Z.

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
    correlation_id  TEXT NOT NULL,
    incarnation     INTEGER NOT NULL DEFAULT 1,  -- of the stream, with stream_sequence the event's place
    fingerprint     BLOB,                        -- of what the event says; NULL where it could not be read
    other_source    TEXT,                        -- whose publication the archive had, if not this publisher's
    copy_of         INTEGER                      -- stream_sequence of the message that this one is a copy of
);
CREATE INDEX ledger_article ON ledger (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX ledger_event ON ledger (event_id, source, fingerprint);
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
    claimed_version INTEGER,         -- the version it was to bring; NULL where that cannot be told, -2^63 for none
    claimed_us      INTEGER,         -- and the time that it states, likewise
    closed_us       INTEGER,
    incarnation     INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX parked_open ON parked (code, at_us) WHERE status = 'open';
CREATE INDEX parked_article ON parked (article_id) WHERE status = 'open';
CREATE INDEX parked_event ON parked (event_id, source) WHERE status = 'open';

-- articles whose texts were erased: nothing of them is taken in before they are lifted
CREATE TABLE erasures (
    article_id TEXT PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,  -- the change by which the article left search
    archive_us INTEGER,           -- when its text had left the archive's file, the stream, and the index
    stream_us  INTEGER,
    index_us   INTEGER,
    lifted_us  INTEGER,
    -- the place of the last message that was handled before it
    last_incarnation INTEGER NOT NULL DEFAULT 1,
    last_position    INTEGER NOT NULL DEFAULT 0
);

-- by which copies of erased texts are known
CREATE TABLE erased_texts (
    digest     BLOB PRIMARY KEY,
    article_id TEXT NOT NULL
) WITHOUT ROWID;

-- other articles that had an erased text when it was erased: they may go on having it
CREATE TABLE erased_text_holders (
    digest     BLOB NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (digest, article_id)
) WITHOUT ROWID;

-- the messages of the scraped pages that articles are made of, as they came: articles are made of them anew
CREATE TABLE pages (
    article_id     TEXT NOT NULL,
    incarnation    INTEGER NOT NULL,
    position       INTEGER NOT NULL,
    stored_us      INTEGER NOT NULL,
    correlation_id TEXT NOT NULL,
    reader         TEXT NOT NULL,   -- what made the article of it last
    headers        TEXT NOT NULL,   -- JSON
    body           BLOB NOT NULL,   -- compressed by zlib
    PRIMARY KEY (article_id, incarnation, position)
);
CREATE INDEX pages_stored ON pages (stored_us);

-- at which addresses the page of an article was met, where they are not its id
CREATE TABLE page_addresses (
    address    TEXT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (address, article_id)
) WITHOUT ROWID;
