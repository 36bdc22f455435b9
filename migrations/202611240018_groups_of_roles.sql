-- The groups that carry a role, and the groups in a group: found when whoever can help is written to.
CREATE INDEX group_roles_by_role ON group_roles (role_id);
CREATE INDEX group_parents_by_parent ON group_parents (parent_id);
