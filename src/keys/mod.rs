//! Keys: what seals stored secrets.

pub mod master_key;
pub mod sealed_column;
pub mod sealing;

pub use self::{
    sealed_column::SealedColumn,
    sealing::{Purpose, Sealer},
};
