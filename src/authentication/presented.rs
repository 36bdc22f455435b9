//! What a browser answers to whoever asks for any passkey: the key that it names, and under what the attempt is counted.
//!
//! Nothing is proved here. A browser that is known to the key's person, or is a shared workstation, has a count of its own:
//! however much others of its network send, it is not held up. A key that somebody else has seen is no use without that cookie.

use super::{
    factor::passkey::{Answer, Refused},
    known_device::is_no_strangers,
    store::KeptKey,
};
use crate::{
    app::App,
    limit::{Network, Origin},
    secret::TokenHash,
    storage,
};

/// Why an answer is refused whose key nobody has here.
pub(super) const UNKNOWN: Refused = Refused("unknown-key");

/// An answer and the key that it names, whoever gave it; or why it is none.
pub(super) type Presented = Result<(Answer, KeptKey), Refused>;

/// Reads `text`, from this browser and network.
///
/// # Errors
/// When the database fails.
pub(super) async fn presented(
    app: &App,
    text: &str,
    (browser, network): (Option<TokenHash>, Network),
) -> storage::Result<(Presented, Origin)> {
    let mut tx = app.storage.read().await?;
    let presented = match Answer::read(text) {
        Ok(answer) => tx.factors().key(answer.key_id()).await?.map(|kept| (answer, kept)).ok_or(UNKNOWN),
        Err(why) => Err(why),
    };
    let user = presented.as_ref().ok().map(|(_, kept)| &kept.user);
    let is_apart = is_no_strangers(&mut tx, (user, browser)).await?;
    let apart = browser.filter(|_| is_apart).map(Origin::Browser);
    Ok((presented, apart.unwrap_or(Origin::Network(network))))
}
