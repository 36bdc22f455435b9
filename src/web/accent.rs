//! An organization's accent colour, made readable on light and dark pages.
//!
//! The colour itself fills buttons, with the ink that reads best on it. As text and as a line it is shaded until it meets
//! WCAG 2.2: 4.5:1 for text (§1.4.3), 3:1 for what marks a control (§1.4.11).

use std::{fmt, str::FromStr};

/// The lightest and the darkest surface that text in the accent colour stands on, as `lanyard.css` has them.
const LIGHT_SURFACE: Rgb = Rgb(0xf1, 0xf5, 0xf7);
const DARK_SURFACE: Rgb = Rgb(0x1f, 0x2b, 0x34);
const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);
const BLACK: Rgb = Rgb(0, 0, 0);

/// A colour of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent(Rgb);

/// Red, green and blue of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

/// Text that is not six hexadecimal digits.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("expected a colour like #0b6e6e")]
pub struct NotAColour;

impl FromStr for Accent {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, NotAColour> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| NotAColour);
        Ok(Self(Rgb(part(0)?, part(2)?, part(4)?)))
    }
}

impl fmt::Display for Accent {
    /// Six lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}{:02x}", self.0.0, self.0.1, self.0.2)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", Accent(*self))
    }
}

impl Accent {
    /// The colour of the product, as `lanyard.css` has it.
    pub const LANYARD: Self = Self(Rgb(0x0b, 0x6e, 0x6e));

    /// The colour and the ink that reads best on it, for mails: six hexadecimal digits each, after `#`.
    #[must_use]
    pub fn fill_and_ink(self) -> (String, String) {
        (self.0.to_string(), self.ink().to_string())
    }

    fn ink(self) -> Rgb {
        if contrast(self.0, WHITE) >= 4.5 { WHITE } else { BLACK }
    }

    /// The stylesheet that gives the design tokens of `lanyard.css` this colour.
    #[must_use]
    pub fn stylesheet(self) -> String {
        let fill = self.0;
        let ink = self.ink();
        // Away from the ink, so that the contrast only grows.
        let hover = fill.mixed(if ink == WHITE { BLACK } else { WHITE }, 0.16);
        let tokens = |surface: Rgb, pole: Rgb| {
            let text = fill.shaded(surface, pole, 4.5);
            let line = fill.shaded(surface, pole, 3.0);
            format!(
                "--accent:{fill};--accent-hover:{hover};--accent-ink:{ink};--accent-text:{text};--accent-line:{line}"
            )
        };
        let (light, dark) = (tokens(LIGHT_SURFACE, BLACK), tokens(DARK_SURFACE, WHITE));
        format!(":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}")
    }
}

impl Rgb {
    /// This colour, moved towards `pole` until it stands out from `surface` by `ratio`.
    fn shaded(self, surface: Self, pole: Self, ratio: f64) -> Self {
        let shades = (0..=20).map(|step| self.mixed(pole, f64::from(step) / 20.0));
        shades.into_iter().find(|shade| contrast(*shade, surface) >= ratio).unwrap_or(pole)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |from: u8, to: u8| {
            let value = f64::from(from) + (f64::from(to) - f64::from(from)) * share;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let byte = value.round() as u8;
            byte
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Relative luminance (WCAG 2.2, definitions).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let value = f64::from(part) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

/// Contrast ratio (WCAG 2.2, definitions): 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (a, b) = (one.luminance(), other.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_six_hexadecimal_digits() {
        for (text, expected) in [
            ("#0b6e6e", Some("0b6e6e")),
            ("0B6E6E", Some("0b6e6e")),
            ("#fff", None),
            ("", None),
            ("#0b6e6e;", None),
            ("#ää6e", None),
            ("red", None),
        ] {
            let parsed = text.parse::<Accent>().ok().map(|accent| accent.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn contrast_is_measured_as_wcag_says() {
        assert!((contrast(Rgb(0, 0, 0), WHITE) - 21.0).abs() < 0.001);
        assert!((contrast(Rgb(0x77, 0x77, 0x77), WHITE) - 4.48).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn every_colour_is_readable(red: u8, green: u8, blue: u8) {
            let css = Accent(Rgb(red, green, blue)).stylesheet();
            let (light, dark) = css.split_once("@media").expect("both schemes");
            for (tokens, surface) in [(light, LIGHT_SURFACE), (dark, DARK_SURFACE)] {
                let token = |name: &str| {
                    let (_, rest) = tokens.split_once(&format!("--{name}:#")).expect("named");
                    rest[..6].parse::<Accent>().expect("a colour").0
                };
                prop_assert!(contrast(token("accent"), token("accent-ink")) >= 4.5);
                prop_assert!(contrast(token("accent-hover"), token("accent-ink")) >= 4.5);
                prop_assert!(contrast(token("accent-text"), surface) >= 4.5);
                prop_assert!(contrast(token("accent-line"), surface) >= 3.0);
            }
        }
    }
}
