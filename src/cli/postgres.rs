//! What an operator of PostgreSQL does with its own tools.

use url::Url;

use crate::{app::master_key, config::Config, keys::master_key::MasterKeySource, secret::ExposeSecret};

/// What to save, and how.
pub(super) fn how_to_save(config: &Config) -> String {
    let key = match master_key(config) {
        MasterKeySource::File(path) => path.display().to_string(),
        MasterKeySource::Text(_) => "the value of LANYARD_KEYS__MASTER_KEY".to_owned(),
    };
    format!(
        "\
nothing was saved: PostgreSQL has tools of its own for that. Save, in this order:
  1. the heads of the audit log: cp {heads} /backups/
  2. the database: pg_dump --format=custom --file=/backups/lanyard.dump '{url}'
  3. the master key, in another safe place: {key}
To bring it back: createdb --template=template0 --locale=C NAME, pg_restore --dbname=NAME /backups/lanyard.dump, put the
master key back, and run `lanyard restore --after-pg-restore` before any node starts.",
        heads = config.audit.heads_file.display(),
        url = without_password(config.database.url.expose_secret()),
    )
}

fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "…".to_owned() };
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_repeated() {
        let shown = without_password("postgres://lanyard:hunter2@db:5433/lanyard?password=x");
        assert_eq!(shown, "postgres://lanyard@db:5433/lanyard");
    }
}
