//! Verified e-mail domains of an organization.
//!
//! A domain is claimed, which gives a value to publish as a DNS TXT record of `_lanyard.DOMAIN`, and verified when the
//! record is found or when the server's administrator vouches for it. One organization at most has a domain verified.

pub mod lookup;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{DomainId, OrganizationId},
    secret::ExposeSecret,
    storage::Tx,
    text::DomainName,
};

use super::{Error, Noun, Result};

/// A domain that an organization claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Who claims it.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: DomainName,
    /// The text that the TXT record has to hold.
    pub proof: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// `dns` or `administrator`.
    pub verified_by: Option<String>,
}

impl Domain {
    /// The name that carries the TXT record.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("_lanyard.{}", self.name)
    }
}

/// How a domain was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification<'a> {
    /// These TXT records were found ([`lookup::txt`]).
    Records(&'a [String]),
    /// The server's administrator vouches for it.
    Administrator,
}

/// Claims a domain.
///
/// # Errors
/// When the organization claims it already.
pub async fn add(tx: &mut Tx, context: &Context, organization: &OrganizationId, name: &DomainName) -> Result<Domain> {
    let (token, _) = context.random.token();
    let domain = Domain {
        id: DomainId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        name: name.clone(),
        proof: format!("lanyard-verification={}", token.expose_secret()),
        created_at: context.now,
        verified_at: None,
        verified_by: None,
    };
    if !tx.domains().insert(&domain).await? {
        return Err(Error::Taken(Noun::Domain, name.to_string()));
    }
    let event = Event::DomainAddition { domain: domain.id.clone(), name: name.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(domain)
}

/// Verifies a claimed domain.
///
/// # Errors
/// When the record is not there, and when another organization has the domain verified.
pub async fn verify(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    name: &DomainName,
    verification: Verification<'_>,
) -> Result<Domain> {
    let mut domain = existing(tx, organization, name).await?;
    if domain.verified_at.is_some() {
        return Ok(domain);
    }
    let by = match verification {
        Verification::Records(records) if !proves(&domain.proof, records) => {
            return Err(Error::Refused("no TXT record with the proof was found; DNS may take some minutes to show it"));
        }
        Verification::Records(_) => "dns",
        Verification::Administrator => "administrator",
    };
    if !tx.domains().verify(&domain.id, by, context.now).await? {
        return Err(Error::Refused("another organization has this domain verified"));
    }
    domain.verified_at = Some(context.now);
    domain.verified_by = Some(by.to_owned());
    let event = Event::DomainVerification { domain: domain.id.clone(), name: name.to_string(), by: by.to_owned() };
    tx.record(context, Some(organization), &event);
    Ok(domain)
}

/// Gives a domain up.
///
/// # Errors
/// When the organization does not claim it.
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, name: &DomainName) -> Result<()> {
    let domain = existing(tx, organization, name).await?;
    tx.domains().remove(&domain.id).await?;
    let event = Event::DomainRemoval { domain: domain.id, name: name.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// Whether one of the records is the proof.
#[must_use]
pub fn proves(proof: &str, records: &[String]) -> bool {
    records.iter().any(|record| record.trim().trim_matches('"') == proof)
}

async fn existing(tx: &mut Tx, organization: &OrganizationId, name: &DomainName) -> Result<Domain> {
    tx.domains().by_name(organization, name).await?.ok_or_else(|| Noun::Domain.unknown(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_record_proves_a_domain() {
        for (records, expected) in [
            (vec!["v=spf1 -all", "lanyard-verification=abc"], true),
            (vec![" \"lanyard-verification=abc\" "], true),
            (vec!["lanyard-verification=abcd"], false),
            (vec!["lanyard-verification="], false),
            (vec![], false),
        ] {
            let records: Vec<String> = records.into_iter().map(str::to_owned).collect();
            assert_eq!(proves("lanyard-verification=abc", &records), expected, "{records:?}");
        }
    }
}
