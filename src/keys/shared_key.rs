//! The names of keys that all nodes share and that outlive a master key.

/// What a shared key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedKey {
    /// MACs of the audit chains' heads.
    AuditHeads,
    /// Form tokens and return paths of pages.
    Pages,
}

impl SharedKey {
    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuditHeads => "audit-heads",
            Self::Pages => "pages",
        }
    }
}
