//! Finding people by a part of a name, user name or e-mail address.
//!
//! What a person is found by is one folded text. It is kept with its trigrams, in the unit of work that changes a name,
//! so that a search reads an index on both databases and no one else's text. Trigrams only narrow down: whether the text
//! holds what was typed is checked afterwards. One or two characters are looked for at the beginning of words. Whom outside
//! sources bring, perhaps thousands at once, a running server takes in soon after: while more come than it takes in, a minute later.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use crate::{
    id::UserId,
    storage::{self, Storage, Tx},
};

/// Three characters in one number; those before a word are [`BEFORE`].
pub(super) type Trigram = i64;

/// Stands before the first character of a word.
const BEFORE: char = '\0';

/// The most trigrams that one search compares.
pub(super) const MOST: usize = 8;

/// People of the backlog that one unit of work takes in.
const BATCH: u32 = 50;

/// What somebody typed to find people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Trigrams that everybody has who is found: at least one, at most [`MOST`].
    pub(super) trigrams: Vec<Trigram>,
    /// What the text holds, where the trigrams alone do not say it.
    pub(super) part: Option<String>,
}

impl Wanted {
    /// Of what was typed; none when nothing is left of it.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let part = fold(typed);
        let characters: Vec<char> = part.chars().collect();
        match characters[..] {
            [] => None,
            [one] => Some(Self { trigrams: vec![packed([BEFORE, BEFORE, one])], part: None }),
            [one, two] => Some(Self { trigrams: vec![packed([BEFORE, one, two])], part: None }),
            _ => {
                let all: BTreeSet<Trigram> = inner(&characters).collect();
                let step = all.len().div_ceil(MOST);
                Some(Self { trigrams: all.into_iter().step_by(step).collect(), part: Some(part) })
            }
        }
    }
}

/// One spelling of a text: compatible forms and capitals are alike, white space is one space.
fn fold(text: &str) -> String {
    let folded = text.nfkc().collect::<String>().to_lowercase();
    let printable: String = folded.chars().filter(|one| one.is_whitespace() || !one.is_control()).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a person of these names is found by.
pub(super) fn text<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let lines: BTreeSet<String> = names.into_iter().map(fold).collect();
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// The trigrams of a text of [`text`], beginnings of words among them.
pub(super) fn trigrams(text: &str) -> BTreeSet<Trigram> {
    let mut all = BTreeSet::new();
    for line in text.lines() {
        let characters: Vec<char> = line.chars().collect();
        all.extend(inner(&characters));
        for word in line.split(|one: char| !one.is_alphanumeric()) {
            let mut word = word.chars();
            let Some(first) = word.next() else { continue };
            all.insert(packed([BEFORE, BEFORE, first]));
            all.extend(word.next().map(|second| packed([BEFORE, first, second])));
        }
    }
    all
}

fn inner(characters: &[char]) -> impl Iterator<Item = Trigram> + '_ {
    characters.windows(3).map(|window| packed([window[0], window[1], window[2]]))
}

/// A character has 21 bits at most.
fn packed(characters: [char; 3]) -> Trigram {
    characters.into_iter().fold(0, |number, one| (number << 21) | i64::from(u32::from(one)))
}

/// Brings what these people are found by up to date with their names.
///
/// # Errors
/// When the database fails.
pub(super) async fn index(tx: &mut Tx, people: &[UserId]) -> storage::Result<()> {
    let mut found = tx.search_index().hold(people).await?;
    found.retain(|one| one.before != one.after);
    let (mut gone, mut new) = (vec![], vec![]);
    for one in &found {
        let (before, after) = (trigrams(&one.before), trigrams(&one.after));
        gone.push((&one.user, before.difference(&after).copied().collect()));
        new.extend(after.difference(&before).map(|trigram| (*trigram, &one.user)));
    }
    tx.search_index().remove(gone).await?;
    tx.search_index().add(new).await?;
    tx.search_index().save(&found).await
}

/// Takes in people from before there was a search; answers whether there may be more.
///
/// # Errors
/// When the database fails.
pub async fn index_some(storage: &Storage) -> storage::Result<bool> {
    if storage.read().await?.search_index().waiting(1).await?.is_empty() {
        return Ok(false);
    }
    storage.write(|tx| Box::pin(take_in(tx))).await
}

async fn take_in(tx: &mut Tx) -> storage::Result<bool> {
    let people = tx.search_index().waiting(BATCH).await?;
    index(tx, &people).await?;
    tx.search_index().done(&people).await?;
    Ok(!people.is_empty())
}

/// Whether people of more than so many batches wait to be taken in.
///
/// # Errors
/// When the database fails.
pub async fn are_waiting(storage: &Storage, batches: u32) -> storage::Result<bool> {
    let most = batches * BATCH;
    let waiting = storage.read().await?.search_index().waiting(most + 1).await?;
    Ok(waiting.len() > most as usize)
}

/// Takes in everybody from before there was a search.
///
/// # Errors
/// When the database fails.
pub async fn index_all(storage: &Storage) -> storage::Result<()> {
    while index_some(storage).await? {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_has_every_trigram_of_what_was_typed() {
        let priya = text(["Priya  Åberg-Nair", "priya@riverside.example", "P.Nair"]);
        assert_eq!(priya, "p.nair\npriya åberg-nair\npriya@riverside.example");
        for (typed, expected) in [
            ("riya", true),
            ("PRIYA ÅB", true),
            ("A\u{30a}berg", true),
            ("ﬁ", false),
            ("side.exa", true),
            ("nair p", false),
            ("p", true),
            ("pr", true),
            ("ex", true),
            ("na", true),
            ("ai", false),
            ("-n", false),
            ("priya@riverside.example", true),
            ("priya@riverside.example2", false),
        ] {
            let wanted = Wanted::parse(typed).unwrap();
            assert!(!wanted.trigrams.is_empty() && wanted.trigrams.len() <= MOST, "{typed}");
            let has = wanted.trigrams.iter().all(|one| trigrams(&priya).contains(one))
                && wanted.part.is_none_or(|part| priya.contains(&part));
            assert_eq!(has, expected, "{typed}");
        }
        assert_eq!(Wanted::parse(" \t\u{7}"), None);
    }

    #[test]
    fn a_trigram_is_a_number_of_its_own() {
        let all = [['a', 'b', 'c'], ['b', 'a', 'c'], [BEFORE, 'b', 'c'], [char::MAX, char::MAX, char::MAX]];
        assert_eq!(all.map(packed).into_iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.map(packed).iter().all(|one| *one > 0));
    }
}
