//! Clients that prove who they are by TLS, and tokens that are bound to a certificate (RFC 8705).

use std::{fs, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use lanyard::{jose::Alg, secret::sha256, web::ClientCertificate};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};

use super::{
    client_assertion::set,
    clinic::{Answer, Clinic, basic, claims, redemption},
};
use crate::harness::client_key::ClientKey;

const GRANT: &str = "grant_type=client_credentials&client_id=service";

/// An authority with a file of its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate of an app.
    fn issue(&self, name: &str) -> Vec<u8> {
        let mut params = params(name);
        params.subject_alt_names = vec![SanType::DnsName(format!("{name}.clinic.example").try_into().unwrap())];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().to_vec()
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Riverside");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub(crate) fn self_signed(name: &str) -> Vec<u8> {
    params(name).self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn thumbprint(der: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&sha256(der))
}

/// A request over a connection on which the app showed this certificate.
async fn over(clinic: &Clinic, certificate: Option<&[u8]>, mut request: Request<Body>) -> Answer {
    let shown = certificate.and_then(|der| ClientCertificate::of_chain(vec![der.to_vec()]));
    request.extensions_mut().insert(shown);
    clinic.send(request).await
}

async fn post(clinic: &Clinic, certificate: Option<&[u8]>, path: &str, form: &str) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    over(clinic, certificate, request.body(Body::from(form.to_owned())).unwrap()).await
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && answer.json()["error_description"] == "client authentication failed"
}

/// Clinics on both databases that trust an authority, behind a proxy that tells of certificates.
async fn clinics(authority: &Authority) -> (tempfile::TempDir, Vec<Clinic>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, &authority.pem).unwrap();
    let mut clinics = vec![];
    for database in lanyard::storage::testing::databases().await {
        let settings = [
            ("client_certificates.ca_file", file.to_str().unwrap()),
            ("client_certificates.header", "client-cert"),
            ("client_certificates.address", "https://mtls.clinic.example"),
            ("server.trusted_proxies", "[\"192.0.2.0/24\"]"),
        ];
        clinics.push(Clinic::configured(database, &settings).await);
    }
    (folder, clinics)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_authority_proves_the_client_that_it_names() {
    let (authority, other) = (Authority::new("Clinics"), Authority::new("Others"));
    let (_folder, clinics) = clinics(&authority).await;
    for clinic in clinics {
        let members = [
            ("token_endpoint_auth_method", json!("tls_client_auth")),
            ("tls_client_auth_subject_dn", json!("CN=service,O=Riverside")),
        ];
        set(&clinic, "service", &members).await;
        let own = authority.issue("service");
        let answer = post(&clinic, Some(&own), "/oauth2/token", GRANT).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(claims(&answer.json()["access_token"])["cnf"].is_null(), "binding is another wish");
        let tampered: Vec<u8> = own.iter().rev().enumerate().map(|(at, byte)| byte ^ u8::from(at == 9)).rev().collect();
        for (case, shown) in [
            ("none", None),
            ("another app", Some(authority.issue("portal"))),
            ("another authority", Some(other.issue("service"))),
            ("its own", Some(self_signed("service"))),
            ("tampered with", Some(tampered)),
            ("no certificate", Some(vec![1, 2, 3])),
        ] {
            let answer = post(&clinic, shown.as_deref(), "/oauth2/token", GRANT).await;
            assert!(is_refused(&answer), "{case}: {}", answer.body);
        }
        assert!(is_refused(&clinic.token("service", "grant_type=client_credentials").await), "a secret counts no more");
        let dns =
            [("tls_client_auth_subject_dn", Value::Null), ("tls_client_auth_san_dns", json!("service.clinic.example"))];
        set(&clinic, "service", &dns).await;
        assert_eq!(post(&clinic, Some(&own), "/oauth2/token", GRANT).await.status, StatusCode::OK);
        assert!(clinic.recorded("client-authentication").await > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_client_registered_proves_it() {
    let (_folder, clinics) = clinics(&Authority::new("Clinics")).await;
    for clinic in clinics {
        let (by_value, by_hash) = (self_signed("service"), self_signed("service"));
        let key = ClientKey::generate(Alg::Es256);
        let with = |name: &str, value: Value| {
            let mut jwk = key.jwk();
            jwk[name] = value;
            jwk
        };
        let keys = [with("x5c", json!([BASE64.encode(&by_value)])), with("x5t#S256", json!(thumbprint(&by_hash)))];
        let members =
            [("token_endpoint_auth_method", json!("self_signed_tls_client_auth")), ("jwks", json!({ "keys": keys }))];
        set(&clinic, "service", &members).await;
        for own in [&by_value, &by_hash] {
            assert_eq!(post(&clinic, Some(own), "/oauth2/token", GRANT).await.status, StatusCode::OK);
        }
        for (case, shown) in [("none", None), ("another", Some(self_signed("service")))] {
            assert!(is_refused(&post(&clinic, shown.as_deref(), "/oauth2/token", GRANT).await), "{case}");
        }
        set(&clinic, "api", &members).await;
        let token = post(&clinic, Some(&by_value), "/oauth2/token", GRANT).await.json()["access_token"].clone();
        let ask = format!("client_id=api&token={}", token.as_str().unwrap());
        assert_eq!(post(&clinic, Some(&by_hash), "/oauth2/introspect", &ask).await.json()["active"], true);
        assert!(is_refused(&post(&clinic, None, "/oauth2/introspect", &ask).await));
        let ask = format!("client_id=browser&token={}", token.as_str().unwrap());
        assert!(is_refused(&post(&clinic, Some(&by_hash), "/oauth2/introspect", &ask).await), "a public client");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_bound_to_the_certificate_of_the_connection() {
    let (_folder, clinics) = clinics(&Authority::new("Clinics")).await;
    for clinic in clinics {
        set(&clinic, "browser", &[("tls_client_certificate_bound_access_tokens", json!(true))]).await;
        let (own, other) = (self_signed("app"), self_signed("thief"));
        let session = clinic.browser("priya").await;
        let code = clinic.code(&session, "browser", "").await;
        let form = format!("client_id=browser&{}", redemption(&code));
        assert_eq!(post(&clinic, None, "/oauth2/token", &form).await.json()["error"], "invalid_request");
        let tokens = post(&clinic, Some(&own), "/oauth2/token", &form).await.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(claims(&tokens["access_token"])["cnf"], json!({"x5t#S256": thumbprint(&own)}));

        let access = tokens["access_token"].as_str().unwrap();
        let told =
            clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &format!("token={access}")).await;
        assert_eq!(told.json()["cnf"]["x5t#S256"], thumbprint(&own));
        for (shown, expected) in [(Some(&own), 200), (Some(&other), 401), (None, 401)] {
            let request = Request::get("/oauth2/userinfo").header("authorization", format!("Bearer {access}"));
            let answer = over(&clinic, shown.map(Vec::as_slice), request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status.as_u16(), expected, "{}", answer.body);
        }
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = format!("client_id=browser&grant_type=refresh_token&refresh_token={refresh}");
        assert_eq!(post(&clinic, Some(&other), "/oauth2/token", &form).await.json()["error"], "invalid_grant");
        assert_eq!(post(&clinic, Some(&own), "/oauth2/token", &form).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_counts_from_a_trusted_proxy_alone() {
    let authority = Authority::new("Clinics");
    let (_folder, clinics) = clinics(&authority).await;
    for clinic in clinics {
        let members = [
            ("token_endpoint_auth_method", json!("tls_client_auth")),
            ("tls_client_auth_san_dns", json!("service.clinic.example")),
        ];
        set(&clinic, "service", &members).await;
        let sent = format!(":{}:", BASE64.encode(&authority.issue("service")));
        let by = async |peer: &str, values: &[&str]| {
            let request =
                Request::post("/oauth2/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let request = values.iter().fold(request, |request, value| request.header("client-cert", *value));
            let mut request = request.body(Body::from(GRANT)).unwrap();
            request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
            clinic.send(request).await
        };
        assert_eq!(by("192.0.2.1:1", &[&sent]).await.status, StatusCode::OK);
        assert!(is_refused(&by("198.51.100.1:1", &[&sent]).await), "anybody can send a header");
        assert!(is_refused(&by("192.0.2.1:1", &[&sent, &sent]).await), "one of them is the app's own");
        assert!(is_refused(&by("192.0.2.1:1", &[]).await));

        let metadata = clinic.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(metadata["mtls_endpoint_aliases"]["token_endpoint"], "https://mtls.clinic.example/oauth2/token");
        assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
        let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("tls_client_auth")) && methods.contains(&json!("self_signed_tls_client_auth")));
    }
}
