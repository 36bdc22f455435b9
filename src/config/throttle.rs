//! `[throttle]`: how fast one account and one address may fail to sign in, and how fast codes may be tried.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    check::{Check, Wrong, wrong},
    span::span,
};

/// How fast attempts are answered.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// Attempts at one account, from wherever they come.
    pub account: Rule,
    /// Attempts from one address, at whatever account.
    pub address: Rule,
    /// One-time codes of one person: a million of them can be guessed, a password cannot.
    pub code: Rule,
}

/// Free attempts, then delays that double.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Attempts without delay.
    pub attempts: u32,
    /// One attempt is forgotten in this time.
    pub recovery: Duration,
    /// No delay is longer.
    pub longest_wait: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    account_attempts: u64,
    account_recovery: String,
    account_longest_wait: String,
    address_attempts: u64,
    address_recovery: String,
    address_longest_wait: String,
    code_attempts: u64,
    code_recovery: String,
    code_longest_wait: String,
}

impl Default for Raw {
    /// A clinic often shares one address, so that its limit is wider.
    fn default() -> Self {
        Self {
            account_attempts: 5,
            account_recovery: "5m".to_owned(),
            account_longest_wait: "15m".to_owned(),
            address_attempts: 100,
            address_recovery: "3s".to_owned(),
            address_longest_wait: "5m".to_owned(),
            code_attempts: 5,
            code_recovery: "1h".to_owned(),
            code_longest_wait: "1h".to_owned(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Throttle> {
        let account_attempts = check.take("throttle.account_attempts", attempts(self.account_attempts));
        let account_recovery = check.take("throttle.account_recovery", span(&self.account_recovery, "1s", "1d"));
        let account_longest = check.take("throttle.account_longest_wait", span(&self.account_longest_wait, "1s", "1d"));
        let address_attempts = check.take("throttle.address_attempts", attempts(self.address_attempts));
        let address_recovery = check.take("throttle.address_recovery", span(&self.address_recovery, "100ms", "1d"));
        let address_longest = check.take("throttle.address_longest_wait", span(&self.address_longest_wait, "1s", "1d"));
        let code_attempts = check.take("throttle.code_attempts", attempts(self.code_attempts));
        let code_recovery = check.take("throttle.code_recovery", span(&self.code_recovery, "1m", "1d"));
        let code_longest = check.take("throttle.code_longest_wait", span(&self.code_longest_wait, "1m", "1d"));
        Some(Throttle {
            account: Rule { attempts: account_attempts?, recovery: account_recovery?, longest_wait: account_longest? },
            address: Rule { attempts: address_attempts?, recovery: address_recovery?, longest_wait: address_longest? },
            code: Rule { attempts: code_attempts?, recovery: code_recovery?, longest_wait: code_longest? },
        })
    }
}

fn attempts(number: u64) -> Result<u32, Wrong> {
    match u32::try_from(number) {
        Ok(number) if (1..=10_000).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{number} attempts are out of bounds"), "write 1 to 10000")),
    }
}
