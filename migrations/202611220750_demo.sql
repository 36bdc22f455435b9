-- One row once the demo has begun to fill the database: its passwords and secrets are published, and `serve` refuses it.
CREATE TABLE demo (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  since BIGINT NOT NULL
);
