-- What people of a directory may type to sign in, in lower case: names that its organization alone knows.
CREATE TABLE upstream_names (
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  anchor TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (upstream_id, anchor, name)
);
CREATE INDEX upstream_names_by_name ON upstream_names (name, upstream_id);
