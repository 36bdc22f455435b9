//! Mail: the server of the configuration answers and knows us, or the folder can be written. Sends nothing.

use std::time::Duration;

use super::Finding;
use crate::{
    clock::Clock,
    config::{Config, Delivery},
    mail::Mailer,
    random::Random,
};

const CHECK: &str = "mail";
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn look(config: &Config) -> Finding {
    let mailer = match Mailer::new(&config.mail, Clock::System, Random::system()) {
        Ok(mailer) => mailer,
        Err(error) => return Finding::fail(CHECK, error.to_string(), "correct the section `[mail]`"),
    };
    let advice = "correct the section `[mail]`; until then invitations and password links wait and are tried again";
    match tokio::time::timeout(PATIENCE, mailer.check()).await {
        Err(_) => Finding::fail(CHECK, format!("no answer within {} s", PATIENCE.as_secs()), advice),
        Ok(Err(error)) => Finding::fail(CHECK, error.to_string(), advice),
        Ok(Ok(())) => match &config.mail.delivery {
            Delivery::Folder(path) => Finding::warn(
                CHECK,
                format!("letters are written to {} and sent to nobody", path.display()),
                "for real use set `mail.smtp`",
            ),
            Delivery::Smtp(_) => Finding::ok(CHECK, "the mail server answers and lets us in"),
        },
    }
}
