//! Every column of the database that holds sealed values: the list that `lanyard keys rekey` works through.
//!
//! A column that is not named here cannot be sealed.

/// A column whose values are sealed, with the column that names its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    table: &'static str,
    row: &'static str,
    column: &'static str,
}

impl SealedColumn {
    /// Private halves of signing keys (PKCS #8).
    pub const SIGNING_KEY: Self = Self { table: "signing_keys", row: "kid", column: "sealed_private" };

    /// What jobs are to do: mails hold links.
    pub const JOB: Self = Self { table: "jobs", row: "id", column: "payload" };
    /// Keys that all nodes share and that outlive a master key.
    pub const SHARED_KEY: Self = Self { table: "shared_keys", row: "name", column: "sealed" };

    /// What clients are told of decisions with.
    pub const NOTIFICATION: Self = Self { table: "deferred_requests", row: "id", column: "notification_token" };

    /// What lets us into apps that people are pushed to.
    pub const TARGET_TOKEN: Self = Self { table: "scim_targets", row: "id", column: "sealed_token" };

    /// What lets us into upstreams.
    pub const UPSTREAM_SECRET: Self = Self { table: "upstreams", row: "id", column: "sealed_secret" };

    /// What authenticator apps share with the server.
    pub const FACTOR: Self = Self { table: "factors", row: "id", column: "sealed_secret" };

    /// Codes that were sent to people, as hashes: six digits are guessed from a hash alone.
    pub const SENT_CODE: Self = Self { table: "sent_codes", row: "id", column: "sealed_code" };

    /// Private halves of our keys for SAML (PKCS #8).
    pub const SAML_KEY: Self = Self { table: "saml_keys", row: "id", column: "sealed_private" };

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SIGNING_KEY,
        Self::JOB,
        Self::SHARED_KEY,
        Self::NOTIFICATION,
        Self::TARGET_TOKEN,
        Self::UPSTREAM_SECRET,
        Self::FACTOR,
        Self::SENT_CODE,
        Self::SAML_KEY,
    ];

    /// One that no table has.
    #[cfg(test)]
    pub(super) const OTHER: Self = Self { table: "signing_keys", row: "kid", column: "other" };

    /// The table.
    #[must_use]
    pub const fn table(self) -> &'static str {
        self.table
    }

    /// The column of type TEXT that is unique in the table.
    #[must_use]
    pub const fn row(self) -> &'static str {
        self.row
    }

    /// The column of type BYTEA; NULL or empty where there is no secret.
    #[must_use]
    pub const fn column(self) -> &'static str {
        self.column
    }

    /// The associated data of a sealed value.
    pub(super) fn place(self, row: &str) -> String {
        // A zero byte is in no identifier, and PostgreSQL stores none in text.
        format!("{}\0{}\0{row}", self.table, self.column)
    }
}
