//! The app's API: refuses the wrong practice and the wrong location, and asks Lanyard before something dangerous.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Calendar,
    access_token::{self, Claims},
    jwt::Refused,
    provider::Unreachable,
    relying_party::RoleAt,
};
use crate::demo::clinic::RESOURCE_API;

/// An appointment of the demo; patients are nobody.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Appointment {
    pub(super) id: &'static str,
    #[serde(skip)]
    organization: &'static str,
    pub(super) location: &'static str,
    pub(super) time: &'static str,
    pub(super) patient: &'static str,
}

const APPOINTMENTS: [Appointment; 6] = [
    appointment("a1", "riverside", "main-street", "08:30", "A. B."),
    appointment("a2", "riverside", "main-street", "09:15", "C. D."),
    appointment("a3", "riverside", "harbour-quay", "10:00", "E. F."),
    appointment("a4", "riverside", "harbour-quay", "13:45", "G. H."),
    appointment("a5", "harbour", "pier", "08:00", "I. J."),
    appointment("a6", "harbour", "pier", "11:30", "K. L."),
];

const fn appointment(
    id: &'static str,
    organization: &'static str,
    location: &'static str,
    time: &'static str,
    patient: &'static str,
) -> Appointment {
    Appointment { id, organization, location, time, patient }
}

/// Who may see a calendar, and who may cancel in it. A role counts only where it is assigned, and below that:
/// `assignments`, never `roles` and `locations` combined.
const SEES: &[&str] = &["owner", "manager", "supervisor", "practitioner", "front_desk", "call_centre"];
const CANCELS: &[&str] = &["owner", "manager", "supervisor"];

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    organization: String,
    location: String,
}

/// `GET /api/appointments?organization=…&location=…`
pub(super) async fn list(
    State(app): State<Calendar>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let (claims, _) = authorize(&app, &headers).await?;
    permit(&app, &claims, &wanted, SEES)?;
    let gone = app.cancelled();
    let appointments: Vec<_> = APPOINTMENTS
        .into_iter()
        .filter(|one| one.organization == wanted.organization && one.location == wanted.location)
        .filter(|one| !gone.iter().any(|id| id == one.id))
        .collect();
    Ok(Json(json!({ "appointments": appointments })).into_response())
}

/// `POST /api/appointments/{id}/cancel`: dangerous, so the token is introspected first.
pub(super) async fn cancel(
    State(app): State<Calendar>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (claims, token) = authorize(&app, &headers).await?;
    let appointment = APPOINTMENTS.into_iter().find(|one| one.id == id).ok_or(Refusal::NoAppointment)?;
    let wanted =
        Wanted { organization: appointment.organization.to_owned(), location: appointment.location.to_owned() };
    permit(&app, &claims, &wanted, CANCELS)?;
    let form = [("token", token.as_str()), ("token_type_hint", "access_token")];
    let address = format!("{}/oauth2/introspect", app.0.provider.issuer());
    let answer = app.0.provider.post_form(&address, RESOURCE_API, &form).await?;
    if answer["active"] != true || answer["sub"] != claims.sub.as_str() {
        return Err(Refusal::Token("the token was revoked"));
    }
    app.cancel(appointment.id);
    Ok(Json(json!({ "cancelled": appointment.id })).into_response())
}

async fn authorize(app: &Calendar, headers: &HeaderMap) -> Result<(Claims, String), Refusal> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Refusal::Token("send an access token"))?;
    let claims = access_token::check(app, token, app.0.provider.issuer()).await?;
    Ok((claims, token.to_owned()))
}

fn permit(app: &Calendar, claims: &Claims, wanted: &Wanted, roles: &[&str]) -> Result<(), Refusal> {
    if app.slug_of(&claims.org_id) != Some(wanted.organization.as_str()) {
        return Err(Refusal::WrongPractice);
    }
    let holds = |one: &RoleAt| roles.contains(&one.role.as_str()) && one.holds_at(&wanted.location);
    let allowed = claims.assignments.iter().any(holds);
    if allowed { Ok(()) } else { Err(Refusal::WrongLocation) }
}

/// Why the API does not do it.
pub(super) enum Refusal {
    Token(&'static str),
    WrongPractice,
    WrongLocation,
    NoAppointment,
    Unreachable(String),
}

impl From<Unreachable> for Refusal {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(why) => Self::Token(why),
            Refused::Unreachable(error) => error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, why) = match self {
            Self::Token(why) => (StatusCode::UNAUTHORIZED, "invalid_token", why.to_owned()),
            Self::WrongPractice => {
                (StatusCode::FORBIDDEN, "wrong_practice", "the token is for another practice".to_owned())
            }
            Self::WrongLocation => {
                (StatusCode::FORBIDDEN, "wrong_location", "no such role at this location".to_owned())
            }
            Self::NoAppointment => (StatusCode::NOT_FOUND, "not_found", "there is no such appointment".to_owned()),
            Self::Unreachable(why) => (StatusCode::BAD_GATEWAY, "unreachable", why),
        };
        let body = Json(json!({ "error": error, "error_description": why }));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = format!("Bearer error=\"{error}\", error_description=\"{why}\"");
            return (status, [(header::WWW_AUTHENTICATE, challenge)], body).into_response();
        }
        (status, body).into_response()
    }
}
