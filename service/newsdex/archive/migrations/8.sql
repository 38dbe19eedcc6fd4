-- By which addresses a page is known.

-- at which addresses the page of an article was met, where they are not its id
CREATE TABLE page_addresses (
    address    TEXT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (address, article_id)
) WITHOUT ROWID;
