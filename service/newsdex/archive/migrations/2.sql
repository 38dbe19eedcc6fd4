-- What begins or ceases to be shown next.
CREATE INDEX articles_embargoed ON articles (embargoed_us) WHERE embargoed_us IS NOT NULL;
CREATE INDEX articles_expiring ON articles (expires_us) WHERE expires_us IS NOT NULL;
