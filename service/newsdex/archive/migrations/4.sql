-- Erasures.

-- articles whose texts were erased: nothing of them is taken in before they are lifted
CREATE TABLE erasures (
    article_id TEXT PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,  -- the change by which the article left search
    archive_us INTEGER,           -- when its text had left the archive's file, the stream, and the index
    stream_us  INTEGER,
    index_us   INTEGER,
    lifted_us  INTEGER
);

-- by which copies of erased texts are known
CREATE TABLE erased_texts (
    digest     BLOB PRIMARY KEY,
    article_id TEXT NOT NULL
) WITHOUT ROWID;
