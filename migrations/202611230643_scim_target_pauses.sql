-- Who paused pushing to an app: an actor, such as `host:root`, or `restore` (NULL: nobody has begun yet, or nobody knows).
ALTER TABLE scim_targets ADD COLUMN paused_by TEXT;
