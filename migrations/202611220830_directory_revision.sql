-- Tells every node when people, organizations or what they hold have changed.
INSERT INTO revisions (name, value)
VALUES ('directory', 0);
