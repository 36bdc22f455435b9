-- Whose factor is not asked for in a browser: found by it when it becomes a shared workstation, where nobody is remembered.
CREATE INDEX known_devices_remembered ON known_devices (browser_hash) WHERE remembered_at IS NOT NULL;
UPDATE known_devices SET remembered_at = NULL
WHERE remembered_at IS NOT NULL
AND browser_hash IN (SELECT browser_hash FROM stations WHERE browser_hash IS NOT NULL);
