//! Room on the disks that the server writes to, as `df` tells it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::Finding;
use crate::config::Config;

const CHECK: &str = "disk";

/// In KiB: below the first, nothing may be acknowledged any more; below the second somebody should look.
const LEAST: u64 = 100 << 10;
const LITTLE: u64 = 1 << 20;

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut folders: Vec<PathBuf> =
        config.database.file().iter().chain([&config.audit.heads_file]).map(|file| folder(file)).collect();
    folders.dedup();
    folders.iter().filter_map(|folder| available(folder).map(|available| judge(folder, available))).collect()
}

fn judge(folder: &Path, available: u64) -> Finding {
    let found = format!("{} MiB are free at {}", available >> 10, folder.display());
    match available {
        0..LEAST => Finding::fail(CHECK, found, "make room now: writes that cannot be kept are refused"),
        LEAST..LITTLE => Finding::warn(CHECK, found, "make room: the audit log grows every day"),
        _ => Finding::ok(CHECK, found),
    }
}

/// Free KiB for this account; none where `df` is not there.
fn available(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    parse(&String::from_utf8(output.stdout).ok()?)
}

/// The fourth word of the second line (POSIX `df -P`).
fn parse(text: &str) -> Option<u64> {
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// The folder of a file, or the nearest one above it that is there.
fn folder(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    absolute.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/")).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn room_is_read_from_df_and_judged() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /\n";
        assert_eq!(parse(text), Some(60));
        assert_eq!(parse("nothing"), None);
        for (available, expected) in
            [(0, State::Fail), (LEAST - 1, State::Fail), (LEAST, State::Warn), (LITTLE, State::Ok)]
        {
            assert_eq!(judge(Path::new("/data"), available).state, expected, "{available}");
        }
    }
}
