//! How sure a sign-in has to be for a request: pure (OpenID Connect Core 1.0 §3.1.2.1 and §5.5.1.1, RFC 9470 §5).
//!
//! `acr_values`, or the `default_acr_values` of the client, and values of `acr` in `claims` each ask for one of their
//! values. What is surer than a value meets it. A value that nobody here knows is passed over, unless `claims` call it
//! essential; a known one has to be met (RFC 9470 §5): the answer is a step-up, or `unmet_authentication_requirements`
//! (OpenID Connect Unmet Authentication Requirements 1.0).

use crate::{
    authentication::assurance,
    oauth::{
        error::{Code, Refusal, refuse},
        requested_claims::ClaimsRequest,
    },
};

/// What is asked for: of each list one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands(Vec<Vec<&'static str>>);

/// What a sign-in lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The person can prove it now; it is this sure then.
    Proof(&'static str),
    /// The person has no factor by which it could be this sure.
    Factor(&'static str),
    /// The same, where the rules of the organization want it: the person sets one up.
    Enrolment(&'static str),
}

impl Demands {
    /// Those of a request.
    ///
    /// # Errors
    /// `unmet_authentication_requirements` for essential values of which nobody here knows any.
    pub fn of(claims: &ClaimsRequest, acr_values: Vec<&str>) -> Result<Self, Refusal> {
        let by_claims = known(claims.acr.iter().map(String::as_str));
        if claims.is_acr_essential && !claims.acr.is_empty() && by_claims.is_empty() {
            return Err(refuse(Code::UnmetAuthenticationRequirements, "no sign-in here has one of these acr values"));
        }
        let lists = [by_claims, known(acr_values.into_iter())];
        Ok(Self(lists.into_iter().filter(|list| !list.is_empty()).collect()))
    }

    /// Whether a sign-in is sure enough.
    #[must_use]
    pub fn are_met_by(&self, acr: &str) -> bool {
        self.0.iter().all(|list| is_met(list, acr))
    }

    /// What a sign-in lacks whose person can prove as much as `reach`, where rules want it as sure as `by_rule`.
    #[must_use]
    pub fn missing(&self, acr: &str, (reach, by_rule): (&str, Option<&'static str>)) -> Option<Missing> {
        let by_rule = by_rule.filter(|wanted| !assurance::obeys(acr, wanted)).map(|wanted| {
            if assurance::meets(reach, wanted) { Missing::Proof(wanted) } else { Missing::Enrolment(wanted) }
        });
        let lacking = self.0.iter().filter(|list| !is_met(list, acr));
        // Of each list what the app prefers among what is in reach; else the least, which is the easiest to set up.
        let needs = lacking.map(|list| match list.iter().find(|wanted| assurance::meets(reach, wanted)) {
            Some(wanted) => Missing::Proof(wanted),
            None => Missing::Factor(list.iter().min_by_key(|wanted| rank(wanted)).copied().unwrap_or_default()),
        });
        needs.chain(by_rule).max_by_key(|need| match need {
            Missing::Proof(acr) => (0, rank(acr)),
            Missing::Factor(acr) => (1, rank(acr)),
            Missing::Enrolment(acr) => (2, rank(acr)),
        })
    }
}

fn is_met(list: &[&'static str], acr: &str) -> bool {
    list.iter().any(|wanted| assurance::meets(acr, wanted))
}

fn rank(acr: &str) -> Option<usize> {
    assurance::ALL.iter().position(|known| *known == acr)
}

fn known<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    values.filter_map(|value| assurance::ALL.into_iter().find(|known| *known == value)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{requested_claims, scope::Scopes},
        *,
    };
    use crate::authentication::assurance::{MULTI_FACTOR as TWO, PASSWORD as ONE};

    fn demands(claims: &str, acr_values: &str) -> Result<Demands, Code> {
        let claims = requested_claims::parse(Some(claims), &Scopes::default()).expect("claims");
        Demands::of(&claims, acr_values.split_whitespace().collect()).map_err(|refusal| refusal.code)
    }

    fn essential(acr: &str) -> String {
        format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":["{acr}"]}}}}}}"#)
    }

    fn wished(acr: &str) -> String {
        format!(r#"{{"id_token":{{"acr":{{"values":["{acr}"]}}}}}}"#)
    }

    #[test]
    fn what_is_lacking_is_asked_for_and_nothing_else() {
        let proof = |acr| Some(Missing::Proof(acr));
        for (case, claims, acr_values, acr, reach, expected) in [
            ("nothing", "{}".to_owned(), String::new(), ONE, ONE, None),
            ("as sure", "{}".to_owned(), ONE.to_owned(), ONE, TWO, None),
            ("surer", "{}".to_owned(), ONE.to_owned(), TWO, TWO, None),
            ("one of them is enough", "{}".to_owned(), format!("{TWO} {ONE}"), ONE, TWO, None),
            ("by acr_values", "{}".to_owned(), TWO.to_owned(), ONE, TWO, proof(TWO)),
            ("by claims", essential(TWO), String::new(), ONE, TWO, proof(TWO)),
            ("by a wish", wished(TWO), String::new(), ONE, TWO, proof(TWO)),
            ("by both", essential(TWO), ONE.to_owned(), ONE, TWO, proof(TWO)),
            ("out of reach", "{}".to_owned(), TWO.to_owned(), ONE, ONE, Some(Missing::Factor(TWO))),
            ("out of reach, essential", essential(TWO), ONE.to_owned(), ONE, ONE, Some(Missing::Factor(TWO))),
            ("what nobody knows", "{}".to_owned(), "urn:other".to_owned(), ONE, ONE, None),
            ("what nobody knows beside it", "{}".to_owned(), format!("urn:other {TWO}"), ONE, TWO, proof(TWO)),
            ("a wish that nobody knows", wished("urn:other"), String::new(), ONE, ONE, None),
            ("of another house", "{}".to_owned(), TWO.to_owned(), "urn:other", TWO, proof(TWO)),
        ] {
            let demands = demands(&claims, &acr_values).expect(case);
            assert_eq!(demands.missing(acr, (reach, None)), expected, "{case}");
            assert_eq!(demands.are_met_by(acr), expected.is_none(), "{case}");
        }
        for (case, acr_values, reach, by_rule, expected) in [
            ("by a rule", "", TWO, Some(TWO), proof(TWO)),
            ("by a rule, out of reach", "", ONE, Some(TWO), Some(Missing::Enrolment(TWO))),
            ("by both, out of reach", TWO, ONE, Some(TWO), Some(Missing::Enrolment(TWO))),
            ("by a rule that is met", "", ONE, Some(ONE), None),
        ] {
            let demands = demands("{}", acr_values).expect(case);
            assert_eq!(demands.missing(ONE, (reach, by_rule)), expected, "{case}");
        }
        let refused = demands(&essential("urn:other"), ONE);
        assert_eq!(refused, Err(Code::UnmetAuthenticationRequirements));
    }
}
