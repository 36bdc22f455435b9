-- Authorization details (RFC 9396) that a person allowed, as a JSON list; NULL for none.
ALTER TABLE consents ADD COLUMN authorization_details TEXT;
