//! The names of keys that all nodes share and that outlive a master key.

/// What a shared key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedKey {
    /// MACs of the audit chains' heads.
    AuditHeads,
    /// Form tokens and return paths of pages.
    Pages,
    /// Pairwise subjects (OpenID Connect Core §8.1): they may never change.
    Subjects,
    /// What clients encrypt to us: the seed of our key.
    Encryption,
    /// Hashes of what others could guess: telephone numbers, names that nobody has.
    Guessable,
}

impl SharedKey {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuditHeads => "audit-heads",
            Self::Pages => "pages",
            Self::Subjects => "subjects",
            Self::Encryption => "encryption",
            Self::Guessable => "guessable",
        }
    }
}
