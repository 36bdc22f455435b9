-- Nobody asks again who made a group: it is kept with the group. A database that had asked before has the index for nothing.
DROP INDEX audit_group_creations;
