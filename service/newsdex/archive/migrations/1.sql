-- What parked events were to bring, so that later ones can close them.
ALTER TABLE parked ADD COLUMN claimed_version INTEGER;
ALTER TABLE parked ADD COLUMN claimed_us INTEGER;
ALTER TABLE parked ADD COLUMN closed_us INTEGER;
DROP INDEX parked_open;
CREATE INDEX parked_open ON parked (code, at_us) WHERE status = 'open';
CREATE INDEX parked_article ON parked (article_id) WHERE status = 'open';
CREATE INDEX parked_event ON parked (event_id, source) WHERE status = 'open';
