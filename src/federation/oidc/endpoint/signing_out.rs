//! Somebody signed out at a provider: `POST …/backchannel-logout` (Back-Channel Logout 1.0 §2.5), and `GET …/frontchannel-logout`,
//! which a browser opens there in a frame (Front-Channel Logout 1.0 §2).

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::Federation;
use crate::{
    audit::Actor,
    authentication::endpoint::visit_context,
    federation::oidc::{
        Provider, Trouble,
        signing_out::{self, SignedOut, Whose},
    },
    storage,
    web::{Error, Parameters, PlainForm, Query, Visit},
};

/// `POST /federation/{upstream}/backchannel-logout`
pub(super) async fn tell(
    State(federation): State<Federation>,
    Path(id): Path<String>,
    visit: Visit,
    PlainForm(body): PlainForm,
) -> Result<Response, Error> {
    let provider = federation.provider(&visit, &id).await?;
    let form = Parameters::parse(&body).ok();
    let token = form.as_ref().and_then(|form| form.value("logout_token")).unwrap_or_default();
    let app = &federation.app;
    let said = async {
        let metadata = provider.metadata(app).await?;
        signing_out::read(&app.outbound, (&metadata, &provider.settings), token, app.clock.now()).await
    };
    let told = match said.await {
        Ok(said) => follow(&federation, &visit, (&provider, said)).await?,
        Err(trouble) => Err(trouble),
    };
    let answer = match told {
        Ok(()) => StatusCode::OK.into_response(),
        Err(trouble) => {
            federation.turn_away(&visit, &provider.upstream, trouble.to_string()).await?;
            let said = json!({"error": "invalid_request", "error_description": "the logout token is not accepted"});
            (StatusCode::BAD_REQUEST, Json(said)).into_response()
        }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

async fn follow(
    federation: &Federation,
    visit: &Visit,
    (provider, said): (&Provider, SignedOut),
) -> storage::Result<Result<(), Trouble>> {
    let upstream = provider.upstream.clone();
    let context = visit_context(&federation.app, visit, Actor::Upstream(upstream.id.to_string()));
    let work = federation.app.storage.write::<_, storage::Error, _>(move |tx| {
        Box::pin(async move {
            if !said.use_up(tx, &upstream.id).await? {
                return Ok(Err(Trouble::Replayed));
            }
            signing_out::end(tx, &context, (&upstream, &said.whose)).await.map(Ok)
        })
    });
    work.await
}

/// `GET /federation/{upstream}/frontchannel-logout`: whoever names the issuer and a session of it, which nobody guesses, ends that.
pub(super) async fn show(
    State(federation): State<Federation>,
    Path(id): Path<String>,
    visit: Visit,
    Query(query): Query,
) -> Result<Response, Error> {
    let provider = federation.provider(&visit, &id).await?;
    if let Some(session) = query.value("sid").filter(|_| query.value("iss") == Some(provider.settings.issuer.as_str()))
    {
        let (upstream, whose) = (provider.upstream, Whose::Session(session.to_owned()));
        let context = visit_context(&federation.app, &visit, Actor::Upstream(upstream.id.to_string()));
        let work = federation.app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move { signing_out::end(tx, &context, (&upstream, &whose)).await })
        });
        work.await?;
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], StatusCode::OK).into_response())
}
