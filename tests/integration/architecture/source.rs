//! Reads paths such as `crate::oauth::Client` out of Rust source text, without a compiler.
//!
//! Comments, strings, characters and lifetimes are dropped; groups (`a::{b, c::{self, d}}`) become one path each; `self`
//! and `super` are resolved against the module they stand in. Macros are read like any other text.

/// Every path that `text`, the source of `module`, names. A lone identifier counts as a path of one part.
pub(super) fn paths(module: &[String], text: &str) -> Vec<Vec<String>> {
    let mut reader = Reader { tokens: tokens(text), at: 0, here: module.to_vec(), found: vec![] };
    let mut opened = vec![]; // depths at which a `mod name { … }` around the current place began
    let mut depth = 0;
    while let Some(token) = reader.next() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if opened.pop_if(|began| *began == depth).is_some() {
                    reader.here.pop();
                }
            }
            "mod" if reader.peek(1) == "{" => {
                reader.here.push(reader.peek(0).to_owned());
                reader.at += 1;
                opened.push(depth);
            }
            "use" => reader.tree(&[]),
            name if is_name(name) => {
                reader.at -= 1;
                reader.tree(&[]);
            }
            _ => {}
        }
    }
    reader.found
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    /// The module around the current place.
    here: Vec<String>,
    found: Vec<Vec<String>>,
}

impl Reader {
    /// Reads one path, or a group of paths, that begins with `prefix`.
    fn tree(&mut self, prefix: &[String]) {
        self.skip("::");
        let first = self.next().unwrap_or_default();
        if first == "{" {
            while !matches!(self.peek(0), "}" | "") {
                self.tree(prefix);
                self.skip(",");
            }
            self.skip("}");
            return;
        }
        let path = self.resolve(prefix, first);
        let continues = self.peek(0) == "::" && (is_name(self.peek(1)) || matches!(self.peek(1), "{" | "*"));
        if continues {
            self.tree(&path);
        } else {
            self.found.push(path);
            if self.peek(0) == "as" {
                self.at += 2;
            }
        }
    }

    fn resolve(&self, prefix: &[String], part: String) -> Vec<String> {
        let own = || [&["crate".to_owned()], self.here.as_slice()].concat();
        let mut path = prefix.to_vec();
        match part.as_str() {
            "self" | "super" => {
                if path.is_empty() {
                    path = own();
                }
                if part == "super" {
                    path.pop();
                }
            }
            _ => path.push(part),
        }
        path
    }

    fn next(&mut self) -> Option<String> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn skip(&mut self, token: &str) {
        if self.peek(0) == token {
            self.at += 1;
        }
    }
}

/// Names, `::` and single punctuation characters.
fn tokens(text: &str) -> Vec<String> {
    let mut found = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let name: String = rest.chars().take_while(|c| is_name_char(*c)).collect();
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest, '"'),
            '\'' if is_lifetime(rest) => 1,
            '\'' => quoted(rest, '\''),
            _ if matches!(name.as_str(), "r" | "br" | "cr") => name.len() + raw_string(&rest[name.len()..]),
            _ if !name.is_empty() => {
                found.push(name.clone());
                name.len()
            }
            _ if rest.starts_with("::") => {
                found.push("::".to_owned());
                2
            }
            _ => {
                if !first.is_whitespace() {
                    found.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

/// Length of the text from an opening quote to its closing one.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of what follows `r`: `"…"` or `#"…"#` with any number of `#`; 0 where it is no string.
fn raw_string(text: &str) -> usize {
    let hashes = text.len() - text.trim_start_matches('#').len();
    if !text[hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    text[hashes + 1..].find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len())
}

/// Length of a block comment, with those inside it.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    for (at, _) in text.char_indices() {
        let before = &text[..at];
        if text[at..].starts_with("/*") && !before.ends_with('/') {
            depth += 1;
        } else if before.ends_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    text.len()
}

fn is_lifetime(text: &str) -> bool {
    let mut after = text.chars().skip(1);
    after.next().is_some_and(is_name_char) && after.next() != Some('\'')
}

fn is_name(token: &str) -> bool {
    token.chars().next().is_some_and(is_name_char)
}

fn is_name_char(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
