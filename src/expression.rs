//! The logic of what is written in words of SCIM filters (RFC 7644 §3.4.2.2 figure 1): `and`, `or`, `not (…)` and brackets,
//! read from left to right around the comparisons of a language.
//!
//! A [`Language`] reads its comparisons from a [`Reader`], which steps over the text and says at which character it wanted
//! something else. Bounded in size, depth and comparisons.

use crate::text::echo;

/// The most bytes of a text.
pub const LONGEST: usize = 4 * 1024;
/// How deep brackets may lie in each other.
pub const DEEPEST: usize = 16;
/// The most comparisons.
pub const MOST_TERMS: usize = 50;

/// A refusal is a sentence.
pub type Result<T> = std::result::Result<T, String>;

/// What can be joined. A conjunction holds at least two parts, none of them a conjunction; so does a disjunction.
pub trait Logic: Sized {
    /// All of them.
    fn all(parts: Vec<Self>) -> Self;
    /// At least one of them.
    fn any(parts: Vec<Self>) -> Self;
    /// The opposite.
    #[must_use]
    fn opposite(self) -> Self;
    /// The parts of a conjunction; everything else is its only part.
    fn conjuncts(self) -> Vec<Self>;
    /// The parts of a disjunction; everything else is its only part.
    fn disjuncts(self) -> Vec<Self>;

    /// A conjunction of these, or the only one.
    fn conjunction(parts: Vec<Self>) -> Self {
        join(parts.into_iter().flat_map(Self::conjuncts).collect(), Self::all)
    }

    /// A disjunction of these, or the only one.
    fn disjunction(parts: Vec<Self>) -> Self {
        join(parts.into_iter().flat_map(Self::disjuncts).collect(), Self::any)
    }
}

/// Implements [`Logic`] for a type with the variants `And(Vec)`, `Or(Vec)` and `Not(Box)`.
macro_rules! logic {
    ($meaning:ident) => {
        impl $crate::expression::Logic for $meaning {
            fn all(parts: Vec<Self>) -> Self {
                Self::And(parts)
            }

            fn any(parts: Vec<Self>) -> Self {
                Self::Or(parts)
            }

            fn opposite(self) -> Self {
                Self::Not(Box::new(self))
            }

            fn conjuncts(self) -> Vec<Self> {
                if let Self::And(parts) = self { parts } else { vec![self] }
            }

            fn disjuncts(self) -> Vec<Self> {
                if let Self::Or(parts) = self { parts } else { vec![self] }
            }
        }
    };
}
pub(crate) use logic;

fn join<T>(mut parts: Vec<T>, joined: fn(Vec<T>) -> T) -> T {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            joined(parts)
        }
    }
}

/// What is compared, and how.
pub trait Language {
    /// What a text means.
    type Meaning: Logic;

    /// Reads one comparison.
    ///
    /// # Errors
    /// A sentence that says what was wanted.
    fn comparison(&mut self, reader: &mut Reader<'_>) -> Result<Self::Meaning>;
}

/// Reads a whole text; `name` begins each sentence of a refusal: `The filter`.
///
/// # Errors
/// A sentence that says at which character, or which bound.
pub fn read<L: Language>(language: &mut L, name: &'static str, text: &str) -> Result<L::Meaning> {
    if text.len() > LONGEST {
        return Err(format!("{name} is longer than {LONGEST} bytes"));
    }
    let mut reader = Reader { name, text, at: 0, depth: 0, terms: 0 };
    let meaning = reader.disjunction(language)?;
    reader.blanks();
    if reader.rest().is_empty() { Ok(meaning) } else { Err(reader.unexpected("'and', 'or' or the end")) }
}

/// What stands behind that which is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test<O> {
    /// `pr`: there is a value.
    Present,
    /// An operator, behind which the value follows.
    Compare(O),
}

/// A text, and how far it was read.
#[derive(Debug)]
pub struct Reader<'t> {
    name: &'static str,
    text: &'t str,
    /// The byte that is looked at.
    at: usize,
    depth: usize,
    terms: usize,
}

impl<'t> Reader<'t> {
    fn disjunction<L: Language>(&mut self, language: &mut L) -> Result<L::Meaning> {
        let mut parts = vec![self.conjunction(language)?];
        while self.word("or") {
            parts.push(self.conjunction(language)?);
        }
        Ok(Logic::disjunction(parts))
    }

    fn conjunction<L: Language>(&mut self, language: &mut L) -> Result<L::Meaning> {
        let mut parts = vec![self.part(language)?];
        while self.word("and") {
            parts.push(self.part(language)?);
        }
        Ok(Logic::conjunction(parts))
    }

    fn part<L: Language>(&mut self, language: &mut L) -> Result<L::Meaning> {
        self.blanks();
        if self.rest().starts_with('(') {
            return self.nested(language, ')');
        }
        if self.negation() {
            return self.nested(language, ')').map(Logic::opposite);
        }
        language.comparison(self)
    }

    /// Steps over `not`, if brackets follow.
    fn negation(&mut self) -> bool {
        let Some((word, rest)) = self.rest().split_at_checked(3) else { return false };
        let group = rest.trim_start_matches(is_blank);
        let is_negation = word.eq_ignore_ascii_case("not") && group.starts_with('(');
        if is_negation {
            self.at = self.text.len() - group.len();
        }
        is_negation
    }

    /// What is in brackets, the opening one of which is looked at.
    ///
    /// # Errors
    /// Where they are not closed, or lie too deep.
    pub fn nested<L: Language>(&mut self, language: &mut L, close: char) -> Result<L::Meaning> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("{} is nested more than {DEEPEST} deep", self.name));
        }
        self.at += 1;
        let meaning = self.disjunction(language)?;
        self.blanks();
        if !self.rest().starts_with(close) {
            return Err(self.unexpected(&format!("'and', 'or' or '{close}'")));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(meaning)
    }

    /// `pr`, or an operator with blanks around it.
    ///
    /// # Errors
    /// For everything else, with what was `wanted`, and where there are too many comparisons.
    pub fn test<O>(&mut self, operator: impl Fn(&str) -> Option<O>, wanted: &str) -> Result<Test<O>> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(format!("{} has more than {MOST_TERMS} comparisons", self.name));
        }
        let is_apart = self.blanks();
        let word = self.word_of_name();
        if is_apart && word.eq_ignore_ascii_case("pr") {
            return Ok(Test::Present);
        }
        let Some(operator) = operator(&word.to_ascii_lowercase()).filter(|_| is_apart) else {
            return Err(self.refused(word, wanted));
        };
        if self.blanks() { Ok(Test::Compare(operator)) } else { Err(self.unexpected("a blank")) }
    }

    /// A text as JSON writes it.
    ///
    /// # Errors
    /// For everything else, with what was `wanted`.
    pub fn quoted(&mut self, wanted: &str) -> Result<String> {
        let mut texts = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        match texts.next() {
            Some(Ok(text)) if self.rest().starts_with('"') => {
                self.at += texts.byte_offset();
                Ok(text)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// Steps over characters of names and URNs.
    pub fn word_of_name(&mut self) -> &'t str {
        let belongs = |one: char| one.is_ascii_alphanumeric() || "-_$:.".contains(one);
        self.step(self.rest().find(|one| !belongs(one)))
    }

    /// Steps over everything up to a blank or a bracket.
    pub fn word_of_value(&mut self) -> &'t str {
        self.step(self.rest().find(|one| is_blank(one) || "()[]".contains(one)))
    }

    /// Steps over this character, if it is next.
    pub fn takes(&mut self, one: char) -> bool {
        let is_next = self.rest().starts_with(one);
        self.at += if is_next { one.len_utf8() } else { 0 };
        is_next
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The refusal of what is next.
    #[must_use]
    pub fn unexpected(&self, wanted: &str) -> String {
        let character = self.text[..self.at].chars().count() + 1;
        let found = if self.rest().is_empty() { "the end".to_owned() } else { format!("'{}'", echo(self.rest())) };
        format!("{} has {found} at character {character}, where {wanted} is wanted", self.name)
    }

    /// The refusal of a word that was read just now.
    #[must_use]
    pub fn refused(&mut self, word: &str, wanted: &str) -> String {
        self.at -= word.len();
        self.unexpected(wanted)
    }

    /// Steps over `and` or `or`, if it is next and apart from what is around it.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        let is_apart = self.blanks() || self.text[..before].ends_with([')', ']']);
        let found = self.rest().split_at_checked(word.len()).is_some_and(|(found, after)| {
            found.eq_ignore_ascii_case(word) && after.chars().next().is_none_or(|one| is_blank(one) || one == '(')
        });
        self.at = if is_apart && found { self.at + word.len() } else { before };
        is_apart && found
    }

    /// Steps over blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let before = self.at;
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
        self.at > before
    }

    /// Steps over so many bytes, or all.
    fn step(&mut self, bytes: Option<usize>) -> &'t str {
        let rest = self.rest();
        let stepped = &rest[..bytes.unwrap_or(rest.len())];
        self.at += stepped.len();
        stepped
    }
}

const fn is_blank(one: char) -> bool {
    one.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Compares nothing but single letters.
    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Letters {
        One(char),
        And(Vec<Self>),
        Or(Vec<Self>),
        Not(Box<Self>),
    }

    logic!(Letters);

    struct Alphabet;

    impl Language for Alphabet {
        type Meaning = Letters;

        fn comparison(&mut self, reader: &mut Reader<'_>) -> Result<Letters> {
            let word = reader.word_of_name();
            let mut letters = word.chars();
            match (letters.next(), letters.next()) {
                (Some(one), None) => Ok(Letters::One(one)),
                _ => Err(reader.refused(word, "a letter")),
            }
        }
    }

    fn shape(read: &Letters) -> String {
        let all = |sign: char, parts: &[Letters]| {
            let parts: Vec<String> = parts.iter().map(shape).collect();
            format!("{sign}[{}]", parts.join(" "))
        };
        match read {
            Letters::One(one) => one.to_string(),
            Letters::And(parts) => all('&', parts),
            Letters::Or(parts) => all('|', parts),
            Letters::Not(one) => format!("!{}", shape(one)),
        }
    }

    /// A text that is read as the same.
    fn written(read: &Letters) -> String {
        let all = |word: &str, parts: &[Letters]| {
            let one = |part: &Letters| match part {
                Letters::Or(_) => format!("({})", written(part)),
                part => written(part),
            };
            parts.iter().map(one).collect::<Vec<_>>().join(word)
        };
        match read {
            Letters::One(one) => one.to_string(),
            Letters::And(parts) => all(" and ", parts),
            Letters::Or(parts) => all(" or ", parts),
            Letters::Not(one) => format!("not ({})", written(one)),
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        "[a-c]".prop_recursive(6, 40, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} and {other}")),
                (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} OR\t{other}")),
                inner.clone().prop_map(|one| format!("not({one})")),
                inner.prop_map(|one| format!("( {one})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(text in any_text()) {
            if let Ok(once) = read(&mut Alphabet, "It", &text) {
                prop_assert_eq!(read(&mut Alphabet, "It", &written(&once)), Ok(once));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a-c() andort\u{e4}]{0,60}") {
            let _ = read(&mut Alphabet, "It", &text);
        }
    }

    #[test]
    fn and_binds_more_than_or_and_what_is_joined_twice_is_one() {
        for (text, expected) in [
            ("a", "a"),
            (" a\t", "a"),
            ("a or b and c", "|[a &[b c]]"),
            ("a AND b Or c", "|[&[a b] c]"),
            ("(a or b) and c", "&[|[a b] c]"),
            ("a and (b and (c and d))", "&[a b c d]"),
            ("a or (b or c)", "|[a b c]"),
            ("((a))", "a"),
            ("not (a) and NOT(b or c)", "&[!a !|[b c]]"),
            ("(a)and(b)", "&[a b]"),
            ("not(not(a))", "!!a"),
        ] {
            assert_eq!(read(&mut Alphabet, "It", text).map(|read| shape(&read)).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place() {
        let (deep, long) = (format!("{}a{}", "(".repeat(17), ")".repeat(17)), "a".repeat(LONGEST + 1));
        for (text, expected) in [
            ("", "It has the end at character 1, where a letter is wanted"),
            ("ab", "It has 'ab' at character 1, where a letter is wanted"),
            ("ä or b", "It has 'ä or b' at character 1, where a letter is wanted"),
            ("a b", "It has 'b' at character 3, where 'and', 'or' or the end is wanted"),
            ("a and", "It has the end at character 6, where a letter is wanted"),
            ("(a", "It has the end at character 3, where 'and', 'or' or ')' is wanted"),
            ("a)", "It has ')' at character 2, where 'and', 'or' or the end is wanted"),
            ("not a", "It has 'not a' at character 1, where a letter is wanted"),
            (&deep, "It is nested more than 16 deep"),
            (&long, "It is longer than 4096 bytes"),
        ] {
            assert_eq!(read(&mut Alphabet, "It", text), Err(expected.to_owned()), "{text}");
        }
    }
}
