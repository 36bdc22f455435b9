//! What `lanyard scim-target` is called with.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use url::Url;

use crate::{
    cli::{
        paging::Length,
        scope::{Scope, Usage},
    },
    scim::outbound::{
        decision::Leaver,
        mapping::{Rule, Template, UserNameFrom},
        target::Settings,
    },
    text::Slug,
};

/// SCIM: apps that the people and groups of an organization are pushed to
#[derive(Debug, Args)]
pub(in crate::cli) struct ScimTargets {
    #[command(flatten)]
    pub(super) scope: Scope,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Names an app; nothing is pushed before `resume`
    #[command(after_help = "\
Examples:
  lanyard scim-target create roster --organization riverside \\
    --url https://roster.example/scim/v2 --token-file roster.token
  for the members of one group, with that group, called by their addresses:
    lanyard scim-target create rota --organization riverside \\
      --url https://rota.example/scim --token-file rota.token \\
      --people gps --group gps --user-name email --map 'title={profession}' --drop phoneNumbers")]
    Create {
        /// What you call it, such as roster: lower-case letters, digits, `-` and `_`
        name: Slug,
        /// The address below which `/Users` is, such as `https://roster.example/scim/v2`
        #[arg(long, value_parser = address)]
        url: Url,
        /// A file that holds the token which lets us in, `-` for standard input
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        #[command(flatten)]
        how: Box<How>,
    },
    /// Lists the apps
    #[command(after_help = "Example:\n  lanyard scim-target list --organization riverside")]
    List,
    /// Shows how an app is pushed to and how that goes
    #[command(after_help = "Example:\n  lanyard scim-target show roster --organization riverside")]
    Show {
        /// Its name
        name: Slug,
    },
    /// Changes how an app is pushed to; what is not named stays as it is
    #[command(after_help = "\
Examples:
  lanyard scim-target change roster --token-file new.token --organization riverside
  lanyard scim-target change roster --no-people --leaver delete --brake 50 --organization riverside
  lanyard scim-target change roster --no-rule --map 'title={profession}' --organization riverside")]
    Change(Box<Changed>),
    /// Asks an app what it can do, which shows whether address and token are right
    #[command(after_help = "Example:\n  lanyard scim-target test roster --organization riverside")]
    Test {
        /// Its name
        name: Slug,
    },
    /// Tells what would be pushed, and changes nothing
    #[command(after_help = "Example:\n  lanyard scim-target preview roster --limit 50 --organization riverside")]
    Preview {
        /// Its name
        name: Slug,
        /// How many people and groups are told one by one
        #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(0..=10_000))]
        limit: u32,
    },
    /// Brings an app up to date now, without waiting for anything
    #[command(after_help = "\
Examples:
  lanyard scim-target sync roster --organization riverside
  many leave, and that is meant:
    lanyard scim-target sync roster --confirm --organization riverside")]
    Sync {
        /// Its name
        name: Slug,
        /// That many leave at once is meant
        #[arg(long)]
        confirm: bool,
    },
    /// Compares everything that an app has, and repairs what is otherwise than it was told
    #[command(after_help = "\
Examples:
  lanyard scim-target reconcile roster --organization riverside
  whoever is in the app and not here leaves it:
    lanyard scim-target reconcile roster --remove-unknown --organization riverside

The server does the same once a day, and never removes whom only the app knows.")]
    Reconcile {
        /// Its name
        name: Slug,
        /// Whoever only the app knows leaves it
        #[arg(long)]
        remove_unknown: bool,
        /// That many leave at once is meant
        #[arg(long)]
        confirm: bool,
    },
    /// Lists whom an app refused, when it is tried again, and what to do
    #[command(after_help = "Example:\n  lanyard scim-target errors roster --organization riverside")]
    Errors {
        /// Its name
        name: Slug,
        #[command(flatten)]
        length: Length,
    },
    /// Pushes nothing until `resume`
    #[command(after_help = "Example:\n  lanyard scim-target pause roster --organization riverside")]
    Pause {
        /// Its name
        name: Slug,
    },
    /// Pushes everything that was missed, and every change from now on within seconds
    #[command(after_help = "Example:\n  lanyard scim-target resume roster --organization riverside")]
    Resume {
        /// Its name
        name: Slug,
    },
    /// Removes an app; whoever is in it stays there
    #[command(after_help = "Example:\n  lanyard scim-target remove roster --organization riverside")]
    Remove {
        /// Its name
        name: Slug,
    },
}

/// How an app is pushed to.
#[derive(Debug, Args)]
pub(super) struct How {
    /// It is for the members of this group, by its slug; may be repeated. For everybody when none is named
    #[arg(long = "people", value_name = "GROUP")]
    pub(super) people: Vec<Slug>,
    /// This group is pushed with its members; may be repeated
    #[arg(long = "group", value_name = "GROUP", conflicts_with = "all_groups")]
    pub(super) groups: Vec<Slug>,
    /// All groups are pushed
    #[arg(long)]
    pub(super) all_groups: bool,
    /// What people are called there
    #[arg(long, value_name = "WHAT")]
    user_name: Option<Called>,
    /// An attribute with its value, as in 'title={profession}'; may be repeated
    #[arg(long = "map", value_name = "PATH=TEXT", value_parser = rule)]
    map: Vec<Rule>,
    /// An attribute that is not sent; may be repeated
    #[arg(long = "drop", value_name = "PATH")]
    drop: Vec<String>,
    /// An attribute that is sent beside the usual ones, such as roles; may be repeated
    #[arg(long = "send", value_name = "NAME")]
    send: Vec<String>,
    /// What becomes of those who leave
    #[arg(long, value_name = "WHAT")]
    leaver: Option<Leaves>,
    /// The share in percent that may leave within an hour without --confirm; ten may always
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    brake: Option<u8>,
}

/// What is to be different.
#[derive(Debug, Args)]
pub(super) struct Changed {
    /// Its name
    pub(super) name: Slug,
    /// The address below which `/Users` is; another address is another app, of which nothing is remembered
    #[arg(long, value_parser = address)]
    pub(super) url: Option<Url>,
    /// A file that holds the token which lets us in, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) how: How,
    /// It is for everybody
    #[arg(long, conflicts_with = "people")]
    pub(super) no_people: bool,
    /// No group is pushed
    #[arg(long, conflicts_with_all = ["groups", "all_groups"])]
    pub(super) no_group: bool,
    /// Drops all rules of the mapping, before those that are named
    #[arg(long)]
    no_rule: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Called {
    /// What they sign in with, or what the source that brought them calls them
    LoginName,
    /// Their e-mail address
    Email,
    /// The id by which the source that brought them knows them
    ExternalId,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Leaves {
    /// They stay, with `active: false`
    Deactivate,
    /// They are removed
    Delete,
}

impl How {
    /// What is said, over what was before.
    pub(super) fn settings(&self, before: Settings) -> Settings {
        let mut settings = before;
        if let Some(called) = self.user_name {
            settings.mapping.user_name = match called {
                Called::LoginName => UserNameFrom::LoginName,
                Called::Email => UserNameFrom::Email,
                Called::ExternalId => UserNameFrom::ExternalId,
            };
        }
        if let Some(leaver) = self.leaver {
            settings.leaver = match leaver {
                Leaves::Deactivate => Leaver::Deactivate,
                Leaves::Delete => Leaver::Delete,
            };
        }
        settings.brake = self.brake.unwrap_or(settings.brake);
        if self.all_groups || !self.groups.is_empty() {
            settings.every_group = self.all_groups;
        }
        // Whoever says more of an attribute takes back what was said before.
        let new: Vec<Rule> = self.rules().collect();
        settings.mapping.rules.retain(|rule| !new.iter().any(|other| other.path() == rule.path()));
        settings.mapping.rules.extend(new);
        settings
    }

    fn rules(&self) -> impl Iterator<Item = Rule> {
        let send = self.send.iter().cloned().map(Rule::Send);
        send.chain(self.drop.iter().cloned().map(Rule::Drop)).chain(self.map.iter().cloned())
    }
}

impl Changed {
    /// What is said, over what was before.
    pub(super) fn settings(&self, before: Settings) -> Settings {
        let mut before = before;
        if self.no_rule {
            before.mapping.rules.clear();
        }
        if self.no_group {
            before.every_group = false;
        }
        self.how.settings(before)
    }
}

fn address(text: &str) -> Result<Url, String> {
    let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    parsed
        .ok_or_else(|| "write the whole address below which `/Users` is, such as https://roster.example/scim/v2".into())
}

fn rule(text: &str) -> Result<Rule, String> {
    // A filter in the path may hold an equals sign in a text; nobody has needed one.
    let (path, value) = text.split_once('=').ok_or("write for example 'title={profession}'")?;
    let template: Template =
        value.parse().map_err(|error: crate::scim::outbound::mapping::UnknownPart| error.to_string())?;
    Ok(Rule::Set(path.trim().to_owned(), template))
}

/// The text of a file without the end of its line.
pub(super) fn token(file: &std::path::Path) -> Result<crate::secret::SecretString, Usage> {
    let read = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(file)
    };
    let text = read.map_err(|cause| Usage(format!("the token cannot be read from {}: {cause}", file.display())))?;
    Ok(text.trim().to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::outbound::mapping::Mapping;

    #[test]
    fn an_address_is_whole() {
        for (text, fits) in [
            ("https://roster.example/scim/v2", true),
            ("http://localhost:8080/scim/v2", true),
            ("roster.example/scim/v2", false),
            ("localhost:8080/scim/v2", false),
            ("mailto:it@roster.example", false),
            ("", false),
        ] {
            let parsed = address(text);
            assert_eq!(parsed.is_ok(), fits, "{text}");
            assert!(
                parsed.is_ok_and(|_| true) || address(text).unwrap_err().contains("https://roster.example/scim/v2")
            );
        }
    }

    #[test]
    fn a_rule_is_a_path_with_a_text() {
        for (text, expected) in [
            ("title={profession}", Some("title")),
            (r#"emails[type eq "work"].value={email}"#, Some(r#"emails[type eq "work"].value"#)),
            ("title=", Some("title")),
            ("title=a=b", Some("title")),
            ("title", None),
            ("title={salary}", None),
            ("title={name", None),
        ] {
            assert_eq!(rule(text).ok().as_ref().map(Rule::path), expected, "{text}");
        }
        assert!(rule("title={salary}").unwrap_err().contains("{profession}"));
    }

    #[test]
    fn what_is_said_anew_takes_the_place_of_what_was_said() {
        let rule = |text: &str| rule(text).unwrap();
        let mapping = Mapping { rules: vec![rule("title=a"), Rule::Drop("locale".into())], ..Mapping::default() };
        let before = Settings { mapping, every_group: true, ..Settings::default() };
        let none = How {
            people: vec![],
            groups: vec![],
            all_groups: false,
            user_name: None,
            map: vec![],
            drop: vec![],
            send: vec![],
            leaver: None,
            brake: None,
        };
        assert_eq!(none.settings(before.clone()), before);
        let how = How { map: vec![rule("title=b")], brake: Some(5), leaver: Some(Leaves::Delete), ..none };
        let after = how.settings(before.clone());
        assert_eq!(after.mapping.rules, [Rule::Drop("locale".into()), rule("title=b")]);
        assert_eq!((after.brake, after.leaver, after.every_group), (5, Leaver::Delete, true));
        let how = How { groups: vec!["gps".parse().unwrap()], map: vec![], ..how };
        assert!(!how.settings(before).every_group);
    }
}
