-- Which articles nobody has seen yet: what becomes of those is told to nobody.

ALTER TABLE articles ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET unseen = 1 WHERE embargoed_us IS NOT NULL;
