//! Replacing the master key while the server runs (`lanyard keys rekey`).
//!
//! 1. [`introduce`] puts a new key in front of the others; every node is told. Where nodes do not share the file, or have
//!    the keys from the environment, that was done by hand (`keys/README.md`).
//! 2. After some seconds, when every node seals with it, [`reseal`] seals every stored secret anew.
//! 3. [`forget_previous`] drops the old keys, once nothing rests on them.

use crate::{
    random::Random,
    secret::ExposeSecret,
    storage::{self, Storage},
};

use super::{
    master_key::{MasterKeyFault, MasterKeySource},
    sealed_column::SealedColumn,
    sealing::{OpenFault, Sealer},
    store::sealed_values::SealedValue,
};

/// Values of one transaction: other writes wait behind it.
const PAGE: i64 = 100;

/// Why the master key could not be replaced.
#[derive(Debug, thiserror::Error)]
pub enum RekeyFault {
    /// The database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The file of the master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyFault),
    /// A value that none of the master keys opens.
    #[error("{table} {row}: {cause}")]
    Sealed {
        /// The table.
        table: &'static str,
        /// The row.
        row: String,
        /// Why not.
        cause: OpenFault,
    },
    /// Keys from the environment are changed there.
    #[error(
        "the master key comes from LANYARD_KEYS__MASTER_KEY: set it to `old,new` on every node, then to `new,old`, then run this again"
    )]
    FromEnvironment,
    /// Values were sealed with a previous key since everything was sealed anew.
    #[error(
        "{0} values were just sealed with a previous master key: a node does not have the new one yet; try again later"
    )]
    StillInUse(usize),
}

/// Puts a new master key in front of the others; returns its id. The caller records that, by which the other nodes learn
/// of it.
///
/// # Errors
/// [`RekeyFault`].
pub fn introduce(sealer: &Sealer, random: &Random) -> Result<String, RekeyFault> {
    let keys = sealer.source().read()?;
    match sealer.source() {
        // Begun before, or by hand on every node: the first key is the new one.
        _ if keys.iter().count() > 1 => {}
        MasterKeySource::Text(_) => return Err(RekeyFault::FromEnvironment),
        file @ MasterKeySource::File(_) => file.replace(&keys.succeeded_by_fresh(random))?,
    }
    sealer.reload();
    Ok(sealer.current_id())
}

/// Seals every value that rests on a previous master key anew; returns how many there were. Can be repeated.
///
/// # Errors
/// [`RekeyFault`]; what was sealed anew by then stays so.
pub async fn reseal(storage: &Storage, sealer: &Sealer) -> Result<usize, RekeyFault> {
    let mut count = 0;
    for column in SealedColumn::ALL {
        let mut last = String::new();
        loop {
            let page = storage.read().await?.sealed_values(column).after(&last, PAGE).await?;
            let Some(end) = page.last() else { break };
            last.clone_from(&end.row);
            let anew = outdated(&page, column, sealer)?;
            count += anew.len();
            replace(storage, column, anew).await?;
        }
    }
    Ok(count)
}

/// Drops the previous master keys.
///
/// # Errors
/// [`RekeyFault::StillInUse`] unless everything was sealed anew before.
pub async fn forget_previous(storage: &Storage, sealer: &Sealer) -> Result<(), RekeyFault> {
    let left = reseal(storage, sealer).await?;
    if left > 0 {
        return Err(RekeyFault::StillInUse(left));
    }
    let keys = sealer.source().read()?;
    sealer.source().replace(&keys.without_previous())?;
    sealer.reload();
    Ok(())
}

/// A value, and the same sealed anew.
type Resealed = (SealedValue, Vec<u8>);

fn outdated(page: &[SealedValue], column: SealedColumn, sealer: &Sealer) -> Result<Vec<Resealed>, RekeyFault> {
    page.iter()
        .filter(|value| sealer.is_outdated(&value.sealed))
        .map(|value| {
            let plaintext = sealer.open(column, &value.row, &value.sealed).map_err(|cause| RekeyFault::Sealed {
                table: column.table(),
                row: value.row.clone(),
                cause,
            })?;
            Ok((value.clone(), sealer.seal(column, &value.row, plaintext.expose_secret())))
        })
        .collect()
}

/// One statement a value: a command that runs once a year is worth no bulk statement of two dialects.
async fn replace(storage: &Storage, column: SealedColumn, values: Vec<Resealed>) -> storage::Result<()> {
    storage
        .write(move |tx| {
            Box::pin(async move {
                for (old, sealed) in &values {
                    tx.sealed_values(column).replace(old, sealed).await?;
                }
                Ok(())
            })
        })
        .await
}
