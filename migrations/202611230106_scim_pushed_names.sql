-- What somebody is called in an app (their userName there), as far as it is known: by that they are looked for when the app
-- does not know their id any more.
ALTER TABLE scim_pushed ADD COLUMN name TEXT;
