//! The way to standard output and standard error. Whoever reads no more, as `lanyard user list | head -1` does, is no failure:
//! the rest is not printed, and the command does what it has to do.

use std::io::{self, Write};

/// Prints a line.
///
/// # Errors
/// When it cannot be written for another reason than that nobody reads it, such as a full disk.
pub(super) fn line(text: impl AsRef<str>) -> io::Result<()> {
    write(io::stdout().lock(), text.as_ref(), "\n")
}

/// Prints text that has its ends of lines.
///
/// # Errors
/// The same.
pub(super) fn text(text: impl AsRef<str>) -> io::Result<()> {
    write(io::stdout().lock(), text.as_ref(), "")
}

/// Prints a line on standard error, where nothing can be told of what goes wrong with it.
pub(super) fn aside(text: impl AsRef<str>) {
    let _ = write(io::stderr().lock(), text.as_ref(), "\n");
}

fn write(mut to: impl Write, text: &str, end: &str) -> io::Result<()> {
    let written = to.write_all(text.as_bytes()).and_then(|()| to.write_all(end.as_bytes())).and_then(|()| to.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_who_reads_is_no_failure_and_a_full_disk_is_one() {
        let mut written = vec![];
        write(&mut written, "a", "\n").unwrap();
        assert_eq!(written, b"a\n");
        assert!(write(Failing(io::ErrorKind::BrokenPipe), "a", "\n").is_ok());
        assert!(write(Failing(io::ErrorKind::StorageFull), "a", "\n").is_err());
    }
}
