-- What articles were made of.

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
