//! `[network]`: where addresses are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where addresses are.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// A file in the format of `MaxMind` DB, with the countries of addresses; none where nobody supplies one. It may be put
    /// there, or replaced, while the server runs.
    pub countries: Option<PathBuf>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    countries: String,
}

impl Raw {
    pub(super) fn interpret(&self) -> Network {
        let file = self.countries.trim();
        Network { countries: (!file.is_empty()).then(|| PathBuf::from(file)) }
    }
}
