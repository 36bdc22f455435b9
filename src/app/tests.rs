//! What lies on the disk is for one account.

use super::*;
use crate::config::Sources;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

async fn try_open(folder: &Path) -> Result<App, StartError> {
    let at = |name: &str| folder.join(name).display().to_string();
    let sources = Sources::none()
        .with("database.url", format!("sqlite:{}", at("data/lanyard.db")))
        .with("keys.folder", at("keys"));
    App::open(Config::load(&sources).unwrap(), Clock::System, Random::system()).await
}

async fn open(folder: &Path) -> App {
    try_open(folder).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_master_key_is_made_for_a_database_that_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let (key, copy) = (folder.path().join("keys/master.key"), folder.path().join("copy"));
    let app = open(folder.path()).await;
    app.start_keys().await.unwrap();
    app.storage.close().await;
    fs::rename(&key, &copy).unwrap();
    let refused = try_open(folder.path()).await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("put your copy of it there"), "{refused}");
    assert!(!key.exists(), "nothing stands where the copy belongs");
    fs::rename(&copy, &key).unwrap();
    open(folder.path()).await.start_keys().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_readable_by_its_account_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let app = open(folder.path()).await;
    app.start_keys().await.unwrap();
    assert_eq!(mode(&data), 0o700);
    for file in ["lanyard.db", "lanyard.db-wal", "lanyard.db-shm"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    app.storage.close().await;
    // One that others can read is closed to them, and what the group was given stays.
    fs::set_permissions(data.join("lanyard.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let app = open(folder.path()).await;
    app.start_keys().await.unwrap();
    for file in ["lanyard.db", "lanyard.db-wal", "lanyard.db-shm"] {
        assert_eq!(mode(&data.join(file)), 0o640, "{file}");
    }
    app.storage.close().await;
}
