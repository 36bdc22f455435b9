//! How easily a password is guessed, and what would make it harder.

use std::fmt;

use zxcvbn::{
    feedback::{Suggestion, Warning},
    zxcvbn,
};

/// More characters are not looked at: they do not make a password weaker, and the work grows with their number.
const LONGEST: usize = 100;
/// More words of context are not looked at.
const MOST_WORDS: usize = 100;

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Neighbours on the keyboard.
    Keys,
    /// The same over and over.
    Repetition,
    /// Many have it, or one like it.
    Common,
    /// A run of the alphabet or of digits.
    Sequence,
    /// A year or a date.
    Date,
    /// A single word.
    Word,
    /// A name.
    Name,
}

/// What does not help as much as it seems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    /// Capital letters.
    Capitals,
    /// A word backwards.
    Backwards,
    /// `@` for `a`.
    Substitution,
}

/// Why a password is too weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weak {
    /// What makes it easy to guess.
    pub why: Option<Weakness>,
    /// What was tried in vain.
    pub trick: Option<Trick>,
}

/// Judges a password; `words` are what everybody knows about the person.
///
/// # Errors
/// [`Weak`] when its score (0 to 4) is below `least`.
pub fn judge(password: &str, words: &[&str], least: u8) -> Result<(), Weak> {
    let start: String = password.chars().take(LONGEST).collect();
    let found = zxcvbn(&start, &words[..words.len().min(MOST_WORDS)]);
    if u8::from(found.score()) >= least {
        return Ok(());
    }
    let Some(feedback) = found.feedback() else { return Err(Weak::default()) };
    let why = feedback.warning().map(weakness);
    Err(Weak { why, trick: feedback.suggestions().iter().find_map(|suggestion| trick(*suggestion)) })
}

fn weakness(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => Weakness::Keys,
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Weakness::Repetition
        }
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::AWordByItselfIsEasyToGuess => Weakness::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            Weakness::Name
        }
    }
}

fn trick(suggestion: Suggestion) -> Option<Trick> {
    match suggestion {
        Suggestion::CapitalizationDoesntHelpVeryMuch | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => {
            Some(Trick::Capitals)
        }
        Suggestion::ReversedWordsArentMuchHarderToGuess => Some(Trick::Backwards),
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => Some(Trick::Substitution),
        _ => None,
    }
}

impl fmt::Display for Weak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password is too easy to guess: add another word or two")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_told_why() {
        let weak = |why, trick| Err(Weak { why, trick });
        for (password, words, least, expected) in [
            ("four unrelated words", &[][..], 4, Ok(())),
            ("Lanyard-demo-2026!", &[], 3, Ok(())),
            ("P@ssw0rd", &[], 3, weak(Some(Weakness::Common), Some(Trick::Capitals))),
            ("drowssap", &[], 3, weak(Some(Weakness::Common), Some(Trick::Backwards))),
            ("abcdefghijklmnop", &[], 3, weak(Some(Weakness::Sequence), None)),
            ("aaaaaaaaaaaaaaaa", &[], 3, weak(Some(Weakness::Repetition), None)),
            ("zxcvbnmzxcvbnm", &[], 0, Ok(())),
        ] {
            let found = judge(password, words, least);
            if let (Err(found), Err(expected)) = (found, expected) {
                assert_eq!(found.why, expected.why, "{password}");
            }
            assert_eq!(found.is_ok(), expected.is_ok(), "{password} {found:?}");
        }
        assert!(judge("P@ssw0rd", &[], 3).unwrap_err().trick.is_some());
    }

    #[test]
    fn a_long_text_costs_no_more_than_its_beginning() {
        let long = "four unrelated words ".repeat(50_000);
        let began = std::time::Instant::now();
        assert_eq!(judge(&long, &[], 4), Ok(()));
        assert!(began.elapsed() < std::time::Duration::from_secs(5));
    }
}
