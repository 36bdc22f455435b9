-- Hashes of former passwords of people whose organizations ask for others (password.history).
CREATE TABLE former_passwords (
  user_id TEXT NOT NULL REFERENCES users (id),
  password_hash TEXT NOT NULL,
  replaced_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, password_hash)
);
