//! Whether a registration was compared with the register, as sources say it: a source that may not say so is not believed,
//! and is told so where it names it. The word is never kept with the other ones: it is the membership's (`registration`).

use super::{
    Attributes, Manner, PRACTITIONER, Speaker,
    known::{forget, value_of},
};
use crate::{
    directory::{Error, Result, membership::Membership, registration},
    storage::Tx,
};

/// The key of the attribute.
pub(super) fn key() -> String {
    format!("{PRACTITIONER}:registrationVerification")
}

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// The registration of this number.
    Verified(String),
    Unverified,
}

/// Takes the word out of what a source wants, if it counts; `before` is what was there.
///
/// # Errors
/// [`Error::MayNotVerify`], where a source names it that may not say so, and for a state that there is not.
pub(super) fn take(
    speaker: Speaker<'_>,
    (before, wanted): (&Attributes, &mut Attributes),
    manner: Manner,
) -> Result<Option<Word>> {
    let state = |attributes: &Attributes| {
        let state = value_of(attributes, &key()).and_then(|value| value["state"].as_str());
        state.map(str::to_owned)
    };
    let (is, wish) = (state(before), state(wanted));
    forget(wanted, &key());
    let has_number =
        value_of(wanted, &format!("{PRACTITIONER}:registrationNumber")).is_some_and(|value| !value.is_null());
    let is_repeated = is.as_ref().zip(wish.as_ref()).is_some_and(|(is, wish)| is.eq_ignore_ascii_case(wish));
    let is_said = match manner {
        // Whoever takes away the whole registration says nothing of what it was worth.
        Manner::Change => is != wish && (wish.is_some() || has_number),
        // Whoever tells the whole repeats what was told of the registration that was there: of another one it says nothing.
        Manner::Whole => wish.is_some() && !(is_repeated && is_another(before, wanted)),
    };
    match (is_said, speaker.may_verify, manner) {
        (false, ..) | (true, false, Manner::Whole) => Ok(None),
        (true, false, Manner::Change) => Err(Error::MayNotVerify(speaker.source().to_string())),
        (true, true, _) => match wish.as_deref().map(str::to_lowercase).as_deref() {
            Some("verified") => {
                let number = value_of(wanted, &format!("{PRACTITIONER}:registrationNumber"));
                let number = number.and_then(|number| number.as_str()).ok_or(NO_NUMBER)?;
                Ok(Some(Word::Verified(number.to_owned())))
            }
            Some("unverified") | None => Ok(Some(Word::Unverified)),
            Some(_) => Err(Error::Refused("registrationVerification: state is `verified` or `unverified`")),
        },
    }
}

/// Whether another number, register or end is wanted than there was.
fn is_another(before: &Attributes, wanted: &Attributes) -> bool {
    let said = |all: &Attributes, name: &str| value_of(all, &format!("{PRACTITIONER}:{name}")).cloned();
    ["registrationNumber", "registrationBody", "registrationExpires"]
        .iter()
        .any(|name| said(before, name) != said(wanted, name))
}

/// Says by name who may not, and who lets it.
pub(super) async fn may_not(tx: &mut Tx, speaker: Speaker<'_>) -> Result<Error> {
    let source = speaker.source();
    let name = tx.sources().ranking(speaker.organization).await?.name_of(&source);
    let instead = if source.is_connection() {
        format!("an administrator lets it by `lanyard scim-token change {name} --may-verify`")
    } else {
        "people do (`lanyard membership verify`), and connections with `--may-verify`".to_owned()
    };
    Ok(Error::MayNotVerify(format!(
        "{name} may not say whether a registration was compared with the register; {instead}"
    )))
}

/// Lets the word have its effect on the membership as it is by now; says whether it had any.
pub(super) async fn heed(tx: &mut Tx, speaker: Speaker<'_>, member: &Membership, word: Option<Word>) -> Result<bool> {
    let (context, at) = (speaker.context, (speaker.organization, &member.id));
    match word {
        None => Ok(false),
        Some(Word::Unverified) => registration::unverify(tx, context, at).await,
        Some(Word::Verified(number)) => {
            let Some(now) = tx.memberships().by_id(speaker.organization, &member.id).await? else { return Ok(false) };
            // Another source may keep the number, and another one.
            let kept = now.registration_number.as_ref().ok_or(NO_NUMBER)?;
            if now.verification.is_some() || *kept != number {
                return Ok(false);
            }
            registration::verify(tx, context, at, (&number, None)).await?;
            Ok(true)
        }
    }
}

/// Nothing can be compared without it.
pub(super) const NO_NUMBER: Error = Error::Refused("registrationVerification: there is no registrationNumber");

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{audit::Context, clock::Timestamp, id::OrganizationId, random::Random};

    #[test]
    fn who_may_not_verify_is_told_so_where_it_names_it() {
        let of = |state: Value| {
            let registration = json!({"registrationNumber": "R-1", "registrationVerification": {"state": state}});
            let Value::Object(map) = json!({(PRACTITIONER): registration}) else { panic!("an object") };
            map
        };
        let context = Context::server(Timestamp(0), Random::seeded(1));
        let organization = OrganizationId::from_stored("org_a".to_owned());
        let (verified, unverified) = (of(json!("verified")), of(json!("unverified")));
        for (before, wanted, may_verify, manner, expected) in [
            (&unverified, &verified, true, Manner::Change, Ok(Some(Word::Verified("R-1".to_owned())))),
            (&unverified, &verified, true, Manner::Whole, Ok(Some(Word::Verified("R-1".to_owned())))),
            (&verified, &verified, true, Manner::Change, Ok(None)),
            (&verified, &verified, true, Manner::Whole, Ok(Some(Word::Verified("R-1".to_owned())))),
            (&verified, &unverified, true, Manner::Change, Ok(Some(Word::Unverified))),
            (&verified, &of(Value::Null), true, Manner::Change, Ok(Some(Word::Unverified))),
            (&verified, &of(Value::Null), false, Manner::Change, Err("`registrationVerification`: server")),
            (&verified, &Attributes::new(), true, Manner::Change, Ok(None)),
            (&verified, &Attributes::new(), false, Manner::Change, Ok(None)),
            (&verified, &Attributes::new(), true, Manner::Whole, Ok(None)),
            (&verified, &of(json!("rejected")), true, Manner::Whole, Err("verified` or")),
            (&unverified, &verified, false, Manner::Change, Err("`registrationVerification`: server")),
            (&unverified, &verified, false, Manner::Whole, Ok(None)),
            (&verified, &verified, false, Manner::Change, Ok(None)),
        ] {
            let speaker =
                Speaker { context: &context, organization: &organization, may_assign: &[], may_grant: &[], may_verify };
            let mut wanted = wanted.clone();
            let found = take(speaker, (before, &mut wanted), manner).map_err(|error| error.to_string());
            match expected {
                Ok(expected) => assert_eq!(found, Ok(expected)),
                Err(expected) => assert!(found.unwrap_err().contains(expected)),
            }
            assert_eq!(value_of(&wanted, &key()), None, "it is never kept");
        }
    }
}
