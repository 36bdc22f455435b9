//! The condition of a rule, in words of SCIM filters (RFC 7644 §3.4.2.2): `specialty eq "cardiology" and not (role pr)`.
//!
//! Texts are compared without regard to case. Of several values (roles, places) one that compares is enough. What
//! compares by order, or with what is not, has no meaning here: `not (role eq "billing")` says that nobody of billing is
//! meant. Bounded in size, depth and terms.

use std::fmt;

use super::facts::{Fact, Facts};

/// The most bytes of a condition.
pub const LONGEST: usize = 4 * 1024;
/// How deep it may be nested.
pub const DEEPEST: usize = 16;
/// The most comparisons.
pub const MOST_TERMS: usize = 50;

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
        if text.len() > LONGEST {
            return Err(NotACondition(format!("the condition is longer than {LONGEST} bytes")));
        }
        let mut parser = Parser { text, at: 0, depth: 0, terms: 0 };
        let condition = parser.or()?;
        parser.blanks();
        if !parser.rest().is_empty() {
            return Err(parser.unexpected("`and`, `or` or the end"));
        }
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

struct Parser<'t> {
    text: &'t str,
    /// The byte that is looked at.
    at: usize,
    depth: usize,
    terms: usize,
}

type Parsed = Result<Condition, NotACondition>;

impl<'t> Parser<'t> {
    fn or(&mut self) -> Parsed {
        let mut all = vec![self.and()?];
        while self.word("or") {
            all.push(self.and()?);
        }
        let flat = all.into_iter().flat_map(|one| if let Condition::Or(all) = one { all } else { vec![one] });
        Ok(one_or(flat.collect(), Condition::Or))
    }

    fn and(&mut self) -> Parsed {
        let mut all = vec![self.term()?];
        while self.word("and") {
            all.push(self.term()?);
        }
        let flat = all.into_iter().flat_map(|one| if let Condition::And(all) = one { all } else { vec![one] });
        Ok(one_or(flat.collect(), Condition::And))
    }

    fn term(&mut self) -> Parsed {
        self.blanks();
        if self.rest().starts_with('(') {
            return self.nested();
        }
        let is_negation = self.rest().get(..3).is_some_and(|word| word.eq_ignore_ascii_case("not"));
        let group = self.rest().get(3..).unwrap_or_default().trim_start();
        if is_negation && group.starts_with('(') {
            self.at = self.text.len() - group.len();
            return self.nested().map(|one| Condition::Not(Box::new(one)));
        }
        self.comparison()
    }

    /// What is in brackets, the opening one of which is looked at.
    fn nested(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(NotACondition(format!("the condition is nested more than {DEEPEST} deep")));
        }
        self.at += 1;
        let condition = self.or()?;
        self.blanks();
        if !self.rest().starts_with(')') {
            return Err(self.unexpected("`and`, `or` or `)`"));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Parsed {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(NotACondition(format!("the condition has more than {MOST_TERMS} comparisons")));
        }
        let before = self.at;
        let name = self.name();
        let Some(fact) = Fact::called(name) else {
            self.at = before;
            let known = Fact::ALL.iter().map(|fact| fact.name()).collect::<Vec<_>>().join(", ");
            return Err(self.unexpected(&format!("one of {known}")));
        };
        let is_apart = self.blanks();
        let word = self.name();
        if is_apart && word.eq_ignore_ascii_case("pr") {
            return Ok(Condition::Present(fact));
        }
        let Some(operator) = Operator::named(&word.to_ascii_lowercase()).filter(|_| is_apart) else {
            self.at -= word.len();
            return Err(self.unexpected("one of eq, co, sw, ew, pr"));
        };
        if !self.blanks() {
            return Err(self.unexpected("a blank"));
        }
        Ok(Condition::Compare(fact, operator, self.value()?))
    }

    /// A text as JSON writes it, with something in it.
    fn value(&mut self) -> Result<String, NotACondition> {
        let wanted = "a text in double quotes";
        let mut texts = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        let value = match texts.next() {
            Some(Ok(value)) if self.rest().starts_with('"') => value,
            _ => return Err(self.unexpected(wanted)),
        };
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(self.unexpected("a text that is not empty and has no control characters"));
        }
        self.at += texts.byte_offset();
        Ok(value)
    }

    /// Steps over `and` or `or`, if it is next and apart from what is around it.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        let is_apart = self.blanks() || self.text[..before].ends_with(')');
        let found = self.rest().split_at_checked(word.len()).is_some_and(|(found, after)| {
            found.eq_ignore_ascii_case(word) && after.starts_with(|one: char| one.is_ascii_whitespace() || one == '(')
        });
        if is_apart && found {
            self.at += word.len();
            return true;
        }
        self.at = before;
        false
    }

    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|one: char| !one.is_ascii_alphabetic() && one != '_').unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Steps over blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let before = self.at;
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at > before
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn unexpected(&self, wanted: &str) -> NotACondition {
        let character = self.text[..self.at].chars().count() + 1;
        let found: String = self.rest().chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        NotACondition(format!("the condition has {found} at character {character}, where {wanted} is wanted"))
    }
}

fn one_or(mut all: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            all.extend(last);
            join(all)
        }
    }
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
            ("shoe_size eq \"42\"", "`shoe_size eq \"42\"` at character 1, where one of kind, profession"),
            ("kind ne \"hirer\"", "`ne \"hirer\"` at character 6, where one of eq, co, sw, ew, pr"),
            ("kind eq hirer", "a text in double quotes"),
            ("kind eq 1", "a text in double quotes"),
            ("kind eq \"hirer", "a text in double quotes"),
            ("kind eq \"\"", "not empty"),
            ("kind eq \"a\\u0000\"", "control characters"),
            ("kind eq\"hirer\"", "a blank"),
            ("kind pr or", "the end"),
            ("kind pr role pr", "`role pr` at character 9"),
            ("(kind pr", "`)`"),
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
