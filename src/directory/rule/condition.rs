//! The condition of a rule, in words of SCIM filters (RFC 7644 §3.4.2.2): `specialty eq "cardiology" and not (role pr)`.
//!
//! Texts are compared without regard to case. Of several values (roles, places) one that compares is enough. What
//! compares by order, or with what is not, has no meaning here: `not (role eq "billing")` says that nobody of billing is
//! meant. Bounded in size, depth and terms.

use std::fmt;

use super::facts::{Fact, Facts};
use crate::expression::{self, LONGEST, Language, Reader, Test, logic};

/// What has to be true of a member. `And` and `Or` hold at least two conditions, none of the same kind as themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// At least one of them.
    Or(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// There is such a fact.
    Present(Fact),
    /// There is one that compares so.
    Compare(Fact, Operator, String),
}

crate::text::names! {
    /// How a fact is compared.
    Operator:
        /// Equal.
        Eq = "eq",
        /// Contains.
        Co = "co",
        /// Starts with.
        Sw = "sw",
        /// Ends with.
        Ew = "ew";
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotACondition(String);

impl Condition {
    /// Reads one.
    ///
    /// # Errors
    /// [`NotACondition`] says at which character, or which bound.
    pub fn parse(text: &str) -> Result<Self, NotACondition> {
        let condition = expression::read(&mut Comparisons, "the condition", text).map_err(NotACondition)?;
        // It is kept as it is told, which may be longer.
        if condition.to_string().len() > LONGEST {
            return Err(NotACondition(format!("the condition is longer than {LONGEST} bytes")));
        }
        Ok(condition)
    }

    /// Whether it is true of a member.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.holds(facts)),
            Self::Or(all) => all.iter().any(|one| one.holds(facts)),
            Self::Not(one) => !one.holds(facts),
            Self::Present(fact) => facts.of(*fact).next().is_some(),
            Self::Compare(fact, operator, wanted) => {
                let wanted = wanted.to_lowercase();
                facts.of(*fact).any(|found| match operator {
                    Operator::Eq => found == wanted,
                    Operator::Co => found.contains(&wanted),
                    Operator::Sw => found.starts_with(&wanted),
                    Operator::Ew => found.ends_with(&wanted),
                })
            }
        }
    }

    /// Whether it looks at this fact.
    #[must_use]
    pub fn mentions(&self, fact: Fact) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.mentions(fact)),
            Self::Not(one) => one.mentions(fact),
            Self::Present(found) | Self::Compare(found, ..) => *found == fact,
        }
    }

    /// The values that a fact is compared with by `eq`.
    #[must_use]
    pub fn named(&self, fact: Fact) -> Vec<&str> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().flat_map(|one| one.named(fact)).collect(),
            Self::Not(one) => one.named(fact),
            Self::Compare(found, Operator::Eq, value) if *found == fact => vec![value],
            Self::Compare(..) | Self::Present(_) => vec![],
        }
    }
}

impl fmt::Display for Condition {
    /// A text that is read as the same condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str| {
            for (index, one) in all.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { word })?;
                match one {
                    Self::Or(_) => write!(f, "({one})")?,
                    _ => write!(f, "{one}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(all) => joined(f, all, " and "),
            Self::Or(all) => joined(f, all, " or "),
            Self::Not(one) => write!(f, "not ({one})"),
            Self::Present(fact) => write!(f, "{} pr", fact.name()),
            Self::Compare(fact, operator, value) => {
                write!(f, "{} {} {}", fact.name(), operator.name(), serde_json::Value::from(value.as_str()))
            }
        }
    }
}

logic!(Condition);

struct Comparisons;

impl Language for Comparisons {
    type Meaning = Condition;

    fn comparison(&mut self, reader: &mut Reader<'_>) -> expression::Result<Condition> {
        let name = reader.word_of_name();
        let Some(fact) = Fact::called(name) else {
            let known = Fact::ALL.iter().map(|fact| fact.name()).collect::<Vec<_>>().join(", ");
            return Err(reader.refused(name, &format!("one of {known}")));
        };
        match reader.test(Operator::named, "one of eq, co, sw, ew, pr")? {
            Test::Present => Ok(Condition::Present(fact)),
            Test::Compare(operator) => Ok(Condition::Compare(fact, operator, value(reader)?)),
        }
    }
}

/// A text with something in it.
fn value(reader: &mut Reader<'_>) -> expression::Result<String> {
    let text = reader.quoted("a text in double quotes")?;
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("the condition compares with a text that is empty or has control characters".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priya() -> Facts {
        let mut facts = Facts::default();
        for (fact, value) in [
            (Fact::Kind, "practitioner"),
            (Fact::Specialty, "Cardiology"),
            (Fact::Specialty, "Knee \"A\""),
            (Fact::Location, "main-street"),
            (Fact::Location, "north"),
            (Fact::Role, "supervisor"),
            (Fact::Department, ""),
        ] {
            facts.add(fact, value);
        }
        facts
    }

    #[test]
    fn a_condition_holds_as_it_is_written() {
        for (text, expected) in [
            ("kind eq \"practitioner\"", true),
            ("KIND EQ \"Practitioner\"", true),
            ("membershipKind eq \"practitioner\"", true),
            ("kind eq \"pract\"", false),
            ("kind sw \"pract\" and kind ew \"ner\" and kind co \"act\"", true),
            ("specialty eq \"cardiology\"", true),
            ("specialties eq \"knee \\\"a\\\"\"", true),
            ("specialty eq \"cardiology, knee\"", false),
            ("location eq \"north\" and location eq \"main-street\"", true),
            ("location eq \"south\" or role eq \"supervisor\"", true),
            ("role eq \"billing\" or role eq \"manager\" and kind pr", false),
            ("(role eq \"billing\" or kind pr) and location pr", true),
            ("not (role eq \"billing\")", true),
            ("not(role pr) or not (kind pr)", false),
            ("department pr", false),
            ("title pr", false),
            ("not (title eq \"Dr\")", true),
        ] {
            let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(condition.holds(&priya()), expected, "{text}");
            assert_eq!(Condition::parse(&condition.to_string()), Ok(condition.clone()), "{text}: {condition}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused_with_its_place() {
        for (text, says) in [
            ("", "the end at character 1"),
            ("kind", "the end at character 5"),
            ("shoe_size eq \"42\"", "'shoe_size eq \"42\"' at character 1, where one of kind, profession"),
            ("kind ne \"hirer\"", "'ne \"hirer\"' at character 6, where one of eq, co, sw, ew, pr"),
            ("kind eq hirer", "a text in double quotes"),
            ("kind eq 1", "a text in double quotes"),
            ("kind eq \"hirer", "a text in double quotes"),
            ("kind eq \"\"", "is empty"),
            ("kind eq \"a\\u0000\"", "control characters"),
            ("kind eq\"hirer\"", "a blank"),
            ("kind pr or", "the end"),
            ("kind pr role pr", "'role pr' at character 9"),
            ("(kind pr", "')'"),
            ("not kind pr", "one of kind"),
        ] {
            let error = Condition::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let deep = format!("{}kind pr{}", "(".repeat(17), ")".repeat(17));
        assert!(Condition::parse(&deep).unwrap_err().to_string().contains("deep"));
        let many = vec!["kind pr"; 51].join(" or ");
        assert!(Condition::parse(&many).unwrap_err().to_string().contains("comparisons"));
        let long = format!("kind eq \"{}\"", "x".repeat(LONGEST));
        assert!(Condition::parse(&long).unwrap_err().to_string().contains("bytes"));
    }

    #[test]
    fn what_a_condition_looks_at_is_known() {
        let condition = Condition::parse("not (role eq \"billing\") and (kind pr or role sw \"x\")").unwrap();
        assert!(condition.mentions(Fact::Role) && condition.mentions(Fact::Kind) && !condition.mentions(Fact::Title));
        assert_eq!(condition.named(Fact::Role), ["billing"]);
    }
}
