//! What a request proves to hold beside its credentials: the key of a DPoP proof (RFC 9449) or of a
//! certificate (RFC 8705 §3).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

use crate::{
    config::DpopNonces,
    oauth::{
        Provider,
        client::Client,
        client_certificate,
        confirmation::Confirmation,
        dpop::{self, Asked, nonce},
        error::{Code, Error, Refusal, refuse},
        profile::Profile,
        provider::Kept,
        redirect_uri::Registrant,
    },
    web::Visit,
};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The one proof of a request (RFC 9449 §4.3, point 1).
///
/// # Errors
/// `invalid_dpop_proof` for more than one, or one that is no text.
pub(super) fn proof(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(PROOF).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text.to_owned())),
        _ => Err(refuse(Code::InvalidDpopProof, "the DPoP header is malformed or sent twice")),
    }
}

/// What the tokens of this request will be bound to.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`, or a fault.
pub(super) async fn confirmation(
    provider: &Provider,
    visit: &Visit,
    client: &Client,
    proof: Option<&str>,
) -> Result<Option<Confirmation>, Error> {
    let Some(proof) = proof else { return Ok(without_proof(client, visit)?) };
    if client.registrant() == Registrant::Public {
        // Whoever knows its id can send proofs, and each is remembered.
        provider.may_keep(Kept::Proof, visit.address())?;
    }
    let is_nonce_demanded = match provider.app.config.oauth.dpop_nonces {
        DpopNonces::Public => client.registrant() == Registrant::Public,
        DpopNonces::All => true,
        DpopNonces::None => false,
    };
    let asked = Asked {
        method: "POST",
        addresses: &addresses(provider, visit),
        access_token: None,
        algorithms: Profile::algorithms(client),
        is_nonce_demanded,
        now: provider.app.clock.now(),
    };
    let jkt = dpop::prove(provider, visit.site(), proof, asked).await?;
    Ok(Some(Confirmation::Jkt(jkt)))
}

/// RFC 9449 §5.2, RFC 8705 §3.
fn without_proof(client: &Client, visit: &Visit) -> Result<Option<Confirmation>, Refusal> {
    if client.metadata.dpop_bound_access_tokens {
        return Err(refuse(Code::InvalidDpopProof, "the client must send a DPoP proof"));
    }
    if !client.metadata.tls_client_certificate_bound_access_tokens {
        return Ok(None);
    }
    let certificate = visit.certificate();
    let certificate = certificate.ok_or(refuse(Code::InvalidRequest, "the client must show its certificate"))?;
    Ok(Some(client_certificate::confirmation(certificate)))
}

/// Checks that whoever sends an access token holds the key that it is bound to (RFC 9449 §7.1).
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`, `invalid_token` for another key, or a fault.
pub(super) async fn demonstrated(
    provider: &Provider,
    visit: &Visit,
    (method, token): (&'static str, &str),
    (proof, jkt): (Option<&str>, &str),
) -> Result<(), Error> {
    let proof = proof.ok_or(refuse(Code::InvalidDpopProof, "the DPoP header is missing"))?;
    let asked = Asked {
        method,
        addresses: &addresses(provider, visit),
        access_token: Some(token),
        algorithms: dpop::ALGORITHMS,
        is_nonce_demanded: provider.app.config.oauth.dpop_nonces == DpopNonces::All,
        now: provider.app.clock.now(),
    };
    let held = dpop::prove(provider, visit.site(), proof, asked).await?;
    if held == jkt {
        Ok(())
    } else {
        Err(refuse(Code::InvalidToken, "the access token is bound to another key").into())
    }
}

/// The addresses that clients know the endpoint of this request by, whatever proxy they came through.
fn addresses(provider: &Provider, visit: &Visit) -> Vec<String> {
    let for_certificates = provider.app.config.client_certificates.address.iter();
    for_certificates.chain([&provider.app.config.server.issuer]).map(|base| base.at(visit.path())).collect()
}

/// Hands the nonce for the next proof to whoever sends one (RFC 9449 §8.2).
pub async fn offer_nonce(State(provider): State<Provider>, request: Request, next: Next) -> Response {
    let visit = request.headers().contains_key(PROOF).then(|| request.extensions().get::<Visit>().cloned()).flatten();
    let mut response = next.run(request).await;
    if let Some(visit) = visit
        && let now = provider.app.clock.now()
        && let Ok(nonce) = HeaderValue::from_str(&nonce::offered(visit.site(), provider.proofs.instance(), now))
    {
        response.headers_mut().insert(NONCE, nonce);
    }
    response
}
