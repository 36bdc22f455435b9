//! Configuration: what was typed ([`RawConfig`]) and what it means ([`Config`]).
//!
//! Three layers, the later ones win: `lanyard.toml`, the environment (`LANYARD_SECTION__KEY`), the command line; below
//! them the defaults, which run on localhost with SQLite in `data/` and keys in `keys/`. A section is a file of this
//! folder: its raw form with defaults, its parsed form, and the rules between them. All problems are reported at once,
//! each with its place, its key, what is wrong and what to write instead. Relative paths start at the working directory.
//!
//! This module reads the file and nothing else: whether a certificate or a database exists is found out by its user.

mod alerts;
mod audit;
mod check;
mod client_certificates;
mod countries;
mod database;
mod describe;
mod factors;
mod invitations;
mod keys;
mod layer;
mod mail;
mod network;
mod oauth;
mod outgoing;
mod password;
mod policy;
mod purpose;
mod recovery;
mod registration;
mod scim;
mod server;
mod session;
mod sms;
mod sources;
mod span;
mod telemetry;
mod terms;
mod throttle;
mod tls;
mod tokens;

use figment::{Figment, providers::Serialized};
use serde::{Deserialize, Serialize};

pub use self::{
    alerts::{Alerts, Recipients, Webhook},
    audit::Audit,
    check::{Problem, Problems},
    client_certificates::ClientCertificates,
    countries::Network,
    database::Database,
    factors::Factors,
    invitations::Invitations,
    keys::Keys,
    mail::{Delivery, Mail, Smtp, SmtpSecurity},
    network::parse as parse_network,
    oauth::{DpopNonces, OAuth},
    outgoing::Outgoing,
    password::{Hashing, Password},
    policy::Policy,
    purpose::{DEMO_SECRETS, Purpose},
    recovery::Recovery,
    registration::{DocumentHost, Registration, StatementIssuer},
    scim::Scim,
    server::{ForwardedBy, Issuer, Listen, Server},
    session::Session,
    sms::Sms,
    sources::Sources,
    span::parse as parse_span,
    telemetry::{LogFormat, Telemetry},
    terms::{Document, Terms},
    throttle::{Rule, Throttle},
    tls::Tls,
    tokens::Tokens,
};
use self::{check::Check, layer::Layer};

/// What the configuration means: every value parsed and within its bounds.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each section documents itself")]
pub struct Config {
    pub purpose: Purpose,
    pub server: Server,
    /// `None`: plain HTTP, for loopback or behind a proxy that ends TLS.
    pub tls: Option<Tls>,
    pub client_certificates: ClientCertificates,
    pub database: Database,
    pub keys: Keys,
    pub tokens: Tokens,
    pub session: Session,
    pub password: Password,
    pub policy: Policy,
    pub throttle: Throttle,
    pub factors: Factors,
    pub sms: Box<Sms>,
    pub mail: Mail,
    pub network: Network,
    pub alerts: Box<Alerts>,
    pub invitations: Invitations,
    /// `None`: nobody is asked to accept terms.
    pub terms: Option<Terms>,
    pub telemetry: Telemetry,
    pub audit: Audit,
    pub oauth: OAuth,
    pub recovery: Recovery,
    pub registration: Registration,
    pub scim: Scim,
    pub outgoing: Outgoing,
}

impl Config {
    /// Reads, merges and checks all sources.
    ///
    /// # Errors
    /// [`Problems`] lists everything that is wrong, in the order of the sources.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        let (raw, mut check) = RawConfig::read(sources)?;
        match raw.interpret(&mut check, sources.purpose) {
            Some(config) if check.problems.is_empty() => Ok(config),
            _ => Err(Problems(check.problems)),
        }
    }

    /// The effective configuration as TOML, each value with the place it comes from; secrets are redacted.
    ///
    /// # Errors
    /// [`Problems`], as [`Config::load`].
    pub fn describe(sources: &Sources) -> Result<String, Problems> {
        Self::load(sources)?;
        let (raw, check) = RawConfig::read(sources)?;
        Ok(describe::describe(&raw, &check))
    }
}

/// The configuration as it is typed: text, numbers and lists.
#[derive(Default, Serialize, Deserialize)]
struct RawConfig {
    server: server::Raw,
    tls: tls::Raw,
    client_certificates: client_certificates::Raw,
    database: database::Raw,
    keys: keys::Raw,
    tokens: tokens::Raw,
    session: session::Raw,
    sms: sms::Raw,
    password: password::Raw,
    policy: policy::Raw,
    throttle: throttle::Raw,
    factors: factors::Raw,
    mail: mail::Raw,
    network: countries::Raw,
    alerts: alerts::Raw,
    invitations: invitations::Raw,
    terms: terms::Raw,
    telemetry: telemetry::Raw,
    audit: audit::Raw,
    oauth: oauth::Raw,
    recovery: recovery::Raw,
    registration: registration::Raw,
    scim: scim::Raw,
    outgoing: outgoing::Raw,
}

impl RawConfig {
    /// Merges the layers over the defaults. Keys and types were checked layer by layer, so that every problem is seen.
    fn read(sources: &Sources) -> Result<(Self, Check), Problems> {
        let defaults = layer::flatten(&Figment::from(Serialized::defaults(Self::default())));
        let (layers, problems) = Layer::all(sources, &defaults);
        let merged = layers
            .iter()
            .fold(Figment::from(Serialized::defaults(Self::default())), |figment, layer| figment.merge(layer));
        match merged.extract() {
            Ok(raw) => Ok((raw, Check { layers, problems })),
            Err(error) => Err(Problems(if problems.is_empty() { vec![Problem::of_figment(&error)] } else { problems })),
        }
    }

    fn interpret(self, check: &mut Check, purpose: Purpose) -> Option<Config> {
        // Every section is checked before the first `?`, so that the problems of all are reported together.
        let server = self.server.interpret(check);
        let tls = self.tls.interpret(check);
        let has_tls = !matches!(tls, Some(None));
        let client_certificates = self.client_certificates.interpret(check, has_tls);
        let database = self.database.interpret(check);
        let keys = self.keys.interpret(check);
        let tokens = self.tokens.interpret(check);
        let session = self.session.interpret(check);
        let password = self.password.interpret(check);
        let policy = self.policy.interpret(check);
        let throttle = self.throttle.interpret(check);
        let sms = self.sms.interpret(check, purpose);
        let has_gateway = sms.as_ref().is_some_and(|sms| sms.gateway.is_some());
        let factors = self.factors.interpret(check, has_gateway);
        let mail = self.mail.interpret(check, purpose);
        let network = self.network.interpret();
        let alerts = self.alerts.interpret(check, purpose);
        let invitations = self.invitations.interpret(check);
        let terms = self.terms.interpret(check);
        let telemetry = self.telemetry.interpret(check);
        let audit = self.audit.interpret(check);
        let oauth = self.oauth.interpret(check);
        let recovery = self.recovery.interpret(check);
        let registration = self.registration.interpret(check);
        let scim = self.scim.interpret(check);
        let outgoing = self.outgoing.interpret(check);
        Some(Config {
            purpose,
            server: server?,
            tls: tls?,
            client_certificates: client_certificates?,
            database: database?,
            keys: keys?,
            tokens: tokens?,
            session: session?,
            password: password?,
            policy: policy?,
            throttle: throttle?,
            factors: factors?,
            sms: Box::new(sms?),
            mail: mail?,
            network,
            alerts: Box::new(alerts?),
            invitations: invitations?,
            terms: terms?,
            telemetry: telemetry?,
            audit: audit?,
            oauth: oauth?,
            recovery: recovery?,
            registration: registration?,
            scim: scim?,
            outgoing: outgoing?,
        })
    }
}

#[cfg(test)]
mod tests;
