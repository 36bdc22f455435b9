//! Who is asked (CIBA Core 1.0 §7.1): exactly one hint says it.

use crate::{
    directory::user::User,
    id::{Sid, UserId},
    oauth::{
        Provider,
        client::Client,
        error::{Code, Error, refuse},
        sector,
        token::id_token::{self, Hint, HintError},
    },
    storage,
    web::Parameters,
};

/// The person whom the hint of a request names; `None` when it names nobody whom the client could know.
///
/// # Errors
/// `invalid_request`, or a fault.
pub(super) async fn person(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<User>, Error> {
    let hints = ["login_hint", "id_token_hint", "login_hint_token"].map(|name| parameters.value(name));
    match hints {
        [Some(name), None, None] => {
            let Ok(name) = name.trim().parse() else { return Ok(None) };
            Ok(provider.app.storage.read().await?.users().by_login_name(&name).await?)
        }
        [None, Some(token), None] => match id_token::hint(&provider.app, token).await {
            Ok(Some(hint)) if hint.aud.names(&client.id) => Ok(known_by(provider, client, &hint).await?),
            Ok(_) => Ok(None),
            Err(HintError::Foreign(_)) => Err(id_token::NOT_OURS.into()),
            Err(HintError::Storage(fault)) => Err(fault.into()),
        },
        [None, None, Some(_)] => Err(refuse(Code::InvalidRequest, "login_hint_token is not supported").into()),
        _ => Err(refuse(Code::InvalidRequest, "one of login_hint and id_token_hint says who is asked").into()),
    }
}

/// The person of an ID token, if the client still knows them by its `sub`. A pairwise one says who by nothing but the session
/// that it was issued in, as long as that is remembered: a month after its end.
async fn known_by(provider: &Provider, client: &Client, hint: &Hint) -> storage::Result<Option<User>> {
    let mut tx = provider.app.storage.read().await?;
    let by_sub: Option<UserId> = hint.sub.parse().ok();
    let user = match (by_sub, hint.sid.clone().map(Sid::from_stored)) {
        (Some(user), _) => Some(user),
        (None, Some(sid)) => tx.sessions().user_of_sid(&sid).await?,
        (None, None) => None,
    };
    let is_known = |user: &UserId| sector::subject(&provider.app, client, user) == hint.sub;
    match user.filter(is_known) {
        Some(user) => tx.users().by_id(&user).await,
        None => Ok(None),
    }
}
