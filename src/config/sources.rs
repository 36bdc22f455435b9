//! Where a configuration is read from.

use std::path::{Path, PathBuf};

use super::Purpose;

/// The file, the environment and the command line, in the order in which the later one wins.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that must exist; `None`: `lanyard.toml` of the working directory, if there is one.
    pub(super) file: Option<PathBuf>,
    /// Variables that begin with `LANYARD_`.
    pub(super) environment: Vec<(String, String)>,
    /// Keys (`section.key`) with their values, as an option of a command sets them.
    pub(super) overrides: Vec<(String, String)>,
    pub(super) purpose: Purpose,
}

impl Sources {
    /// The file that is read when none is named.
    pub const DEFAULT_FILE: &str = "lanyard.toml";

    /// The environment of this process and `file`, or [`Self::DEFAULT_FILE`] where it exists.
    #[must_use]
    pub fn of_process(file: Option<&Path>) -> Self {
        let file = file.map(Path::to_path_buf).or_else(|| {
            let default = PathBuf::from(Self::DEFAULT_FILE);
            default.exists().then_some(default)
        });
        // A variable whose value is not Unicode is no configuration: `LANYARD_` ones are reported as they can be read.
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .filter(|(name, _)| name.starts_with("LANYARD_"))
            .collect();
        Self { file, environment, ..Self::default() }
    }

    /// The file that is read; none: nothing but the environment and the defaults.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Nothing but the defaults: what tests and the demo begin with.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads this file; it must exist.
    #[must_use]
    pub fn with_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_path_buf());
        self
    }

    /// Adds one variable, as if the environment had it.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets `key` (`section.key`) above every other source; lists are separated by commas.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.overrides.push((key.to_owned(), value.into()));
        self
    }

    /// Says what the server is started for.
    #[must_use]
    pub fn for_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }
}
