-- Which of several outside systems is believed: the higher number goes first, among equals the one that wrote first.
ALTER TABLE scim_connections ADD COLUMN precedence BIGINT NOT NULL DEFAULT 0;

-- The same of what people of the organization change in Lanyard itself; NULL: every system goes before them.
ALTER TABLE organizations ADD COLUMN own_precedence BIGINT;
