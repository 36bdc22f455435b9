//! `[keys]`: where the master key lies, and the life of signing keys.

use std::{path::PathBuf, time::Duration};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};

use super::{
    check::{Check, Wrong, wrong},
    layer::Origin,
    span::span,
};
use crate::secret::SecretSlice;

/// Where the master key lies, and the life of signing keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The folder of the master key, made at first start.
    pub folder: PathBuf,
    /// Master keys from the environment, 32 bytes each: the first seals, all open. None: those of the folder.
    pub master_keys: Vec<SecretSlice<u8>>,
    /// How long a key signs.
    pub rotation: Duration,
    /// How long a key is published before it signs.
    pub pre_publication: Duration,
}

impl Keys {
    /// How long it takes at most until every node shows a key that one of them has published: nodes look once a second,
    /// and a busy one takes as long again.
    pub const LEARNING: Duration = Duration::from_secs(2);
}

/// Whether apps can have seen every key before it signs: what is left of the publication once every node shows the key is
/// as long as apps keep the JWKS, and they keep it for whole seconds.
fn leaves_time_for_apps(pre_publication: Duration) -> bool {
    pre_publication.saturating_sub(Keys::LEARNING) >= Duration::from_secs(1)
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    folder: String,
    master_key: String,
    rotation: String,
    pre_publication: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            folder: "keys".to_owned(),
            master_key: String::new(),
            rotation: "90d".to_owned(),
            pre_publication: "24h".to_owned(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Keys> {
        let origin = check.origin("keys.master_key").cloned();
        let master_keys = check.take("keys.master_key", master_keys(&self.master_key, origin.as_ref()));
        // Tests rotate within seconds; a published key must be seen by apps before it signs.
        let rotation = check.take("keys.rotation", span(&self.rotation, "1s", "3650d"));
        let pre_publication = check.take("keys.pre_publication", span(&self.pre_publication, "1s", "365d"));
        let in_order = match (rotation, pre_publication) {
            (_, Some(before)) if !leaves_time_for_apps(before) => {
                let what = "is too short: apps would not see a key before it signs, since the nodes themselves learn of it up \
                            to two seconds late";
                Err(wrong(what, "write at least 3s; 24h for real use"))
            }
            (Some(rotation), Some(before)) if before >= rotation => {
                Err(wrong("must be shorter than `keys.rotation`", "write for example 24h with a rotation of 90d"))
            }
            _ => Ok(()),
        };
        check.take("keys.pre_publication", in_order)?;
        let folder = check.take("keys.folder", super::check::path(&self.folder));
        Some(Keys {
            folder: folder?,
            master_keys: master_keys?,
            rotation: rotation?,
            pre_publication: pre_publication?,
        })
    }
}

fn master_keys(text: &str, origin: Option<&Origin>) -> Result<Vec<SecretSlice<u8>>, Wrong> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if matches!(origin, Some(Origin::File(_))) {
        let instead = "set LANYARD_KEYS__MASTER_KEY instead, or leave it out: `keys.folder` then holds it";
        return Err(wrong("a secret does not belong into this file", instead));
    }
    let instead = "write 32 random bytes, for example from `openssl rand -base64 32`; while one is replaced, `new,old`";
    let keys: Option<Vec<_>> = text.split(',').map(|key| decode(key.trim())).collect();
    keys.ok_or_else(|| wrong("is not 32 bytes in base64 or hexadecimal", instead))
}

fn decode(key: &str) -> Option<SecretSlice<u8>> {
    [HEXLOWER_PERMISSIVE, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        .iter()
        .find_map(|encoding| encoding.decode(key.as_bytes()).ok().filter(|bytes| bytes.len() == 32))
        .map(SecretSlice::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Sources},
        secret::ExposeSecret,
    };

    #[test]
    fn a_publication_that_apps_cannot_see_is_refused() {
        for (pre_publication, accepted) in
            [("1s", false), ("2s", false), ("2999ms", false), ("3s", true), ("24h", true)]
        {
            let loaded = Config::load(&Sources::none().with("keys.pre_publication", pre_publication));
            assert_eq!(loaded.is_ok(), accepted, "{pre_publication}");
            if let Err(problems) = loaded {
                let told = problems.to_string();
                assert!(told.contains("keys.pre_publication: is too short") && told.contains("at least 3s"), "{told}");
            }
        }
    }

    #[test]
    fn a_master_key_is_32_bytes_from_the_environment() {
        let file = Origin::File("lanyard.toml".to_owned());
        for (text, origin, accepted) in [
            ("", None, true),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Some(&Origin::Environment), true),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Some(&Origin::Environment), true),
            (&"0f".repeat(32), Some(&Origin::Environment), true),
            (&format!("{0}, {0}", "0f".repeat(32)), Some(&Origin::Environment), true),
            (&format!("{},", "0f".repeat(32)), Some(&Origin::Environment), false),
            (&"0f".repeat(31), Some(&Origin::Environment), false),
            ("hunter2", Some(&Origin::Environment), false),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Some(&file), false),
        ] {
            assert_eq!(master_keys(text, origin).is_ok(), accepted, "{text} {origin:?}");
        }
        let keys = master_keys(&format!("{},{}", "0F".repeat(32), "00".repeat(32)), None).expect("keys");
        assert_eq!(keys.iter().map(|key| key.expose_secret()[0]).collect::<Vec<_>>(), [15, 0]);
    }
}
