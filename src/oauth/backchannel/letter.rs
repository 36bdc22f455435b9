//! The letter that tells a person that a request waits. Whoever writes one to deceive would name an app and a reason: this
//! one names neither, so that nobody gets used to it, and leads to the account, where both are shown.

use std::time::Duration;

use crate::{
    authentication::recovery::mail,
    directory::user::User,
    jobs::Job,
    oauth::page::asked::PATH,
    web::{Language, Letterhead, Site},
};

/// The least time between two letters to one person, however much is asked of them.
pub(super) const PAUSE: Duration = Duration::from_mins(15);

/// The letter to whoever has an address, in their language.
pub(super) fn letter(site: &Site, user: &User) -> Option<Job> {
    let language = user.locale.as_deref().and_then(Language::of_range).unwrap_or_default();
    let letterhead = Letterhead::new(language, site).addressed_to(user.name.as_str());
    Some(mail(user.email.as_ref()?.as_str(), letterhead.request_waiting(&site.address_of(PATH))))
}
