-- Who was granted a permission directly: they are told of what it lets them do.
CREATE INDEX membership_permissions_by_permission ON membership_permissions (permission) WHERE effect = 'grant';
