//! Parts of a unit of work that can be undone without the rest of it.

use super::{Result, Tx, additions::Mark};

/// A part that is neither kept nor undone yet.
#[must_use = "a part is kept or undone"]
pub struct Part(Mark);

impl Tx {
    /// Begins a part; one at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_part(&mut self) -> Result<Part> {
        self.run("SAVEPOINT part").await?;
        Ok(Part(self.additions().mark()))
    }

    /// Keeps what was done since `part` began, once it is settled.
    ///
    /// # Errors
    /// When the database fails, and where settling refuses it: whoever wants to go on after that settles before.
    pub async fn keep_part(&mut self, _: Part) -> Result<()> {
        self.settle().await?;
        self.run("RELEASE part").await
    }

    /// Undoes what was done since `part` began. A part in which a statement failed ends its unit all the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn undo_part(&mut self, Part(mark): Part) -> Result<()> {
        self.additions().reset(mark);
        self.run("ROLLBACK TO part; RELEASE part").await
    }
}
