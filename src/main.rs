//! The `lanyard` binary: everything lives in the library, so that tests can boot it.

fn main() -> std::process::ExitCode {
    lanyard::cli::run()
}
