-- Who else has an erased text.

-- other articles that had an erased text when it was erased: they may go on having it
CREATE TABLE erased_text_holders (
    digest     BLOB NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (digest, article_id)
) WITHOUT ROWID;
