//! Words that a specification registered, as an enum: each value has the one name that is sent, stored and shown.

/// Defines enums of such words: `ALL` in the order in which they are listed to others, `name`, `named`.
macro_rules! names {
    ($($(#[$doc:meta])* $enum:ident: $($(#[$variant_doc:meta])* $name:ident = $text:literal),+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $enum {
            $($(#[$variant_doc])* $name,)+
        }

        impl $enum {
            /// Every value, in this order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The registered name, as sent, stored and shown.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The value of this name.
            #[must_use]
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == text)
            }
        }
    )*};
}

pub(crate) use names;
