//! One attribute of a schema with its characteristics (RFC 7643 §2.2, §7), written as a chain of what differs from the
//! default.

/// The kind of value (RFC 7643 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    String,
    /// True or false.
    Boolean,
    /// A real number.
    Decimal,
    /// A whole number.
    Integer,
    /// An instant (`xsd:dateTime`).
    DateTime,
    /// Bytes in base64.
    Binary,
    /// The address of something.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

impl Kind {
    /// Its name in a schema (RFC 7643 §7).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may change a value, and when (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Lanyard alone writes it.
    ReadOnly,
    /// A client may change it at any time.
    ReadWrite,
    /// A client may change it if an administrator lets it; for all others it is read-only, as everybody is told.
    Restricted,
    /// A client may set it once.
    Immutable,
    /// A client may set it; nobody can read it.
    WriteOnly,
}

impl Mutability {
    /// Its name in a schema (RFC 7643 §7).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly | Self::Restricted => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When a value is in an answer (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every answer, whatever is asked for.
    Always,
    /// In none.
    Never,
    /// Unless it is asked to be left out, or others are asked for.
    Default,
    /// Only when it is asked for.
    Request,
}

impl Returned {
    /// Its name in a schema (RFC 7643 §7).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Within what a value is unique (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Within nothing.
    None,
    /// Within the organization of the token.
    Server,
    /// Everywhere.
    Global,
}

impl Uniqueness {
    /// Its name in a schema (RFC 7643 §7).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// One attribute or sub-attribute (RFC 7643 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, in its canonical spelling.
    pub name: &'static str,
    /// What kind of value it holds.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource cannot be without it.
    pub required: bool,
    /// Whether values that differ in case only are different ones.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// Within what it is unique.
    pub uniqueness: Uniqueness,
    /// Values that have a meaning of their own; others are allowed.
    pub canonical_values: &'static [&'static str],
    /// What a reference leads to: types of resources, `external` or `uri`.
    pub reference_types: &'static [&'static str],
    /// What a complex value is made of.
    pub sub_attributes: &'static [Attribute],
    /// What it is for.
    pub description: &'static str,
}

impl Attribute {
    /// With the defaults of RFC 7643 §2.2.
    pub(super) const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: matches!(kind, Kind::Binary | Kind::Reference),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            description,
        }
    }

    pub(super) const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    pub(super) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    pub(super) const fn reference(name: &'static str, to: &'static [&'static str], description: &'static str) -> Self {
        let mut made = Self::new(name, Kind::Reference, description);
        made.reference_types = to;
        made
    }

    pub(super) const fn complex(name: &'static str, of: &'static [Self], description: &'static str) -> Self {
        let mut made = Self::new(name, Kind::Complex, description);
        made.sub_attributes = of;
        made
    }

    pub(super) const fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    pub(super) const fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    pub(super) const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    pub(super) const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical_values = values;
        self
    }

    /// The sub-attribute of this name, whatever its case.
    #[must_use]
    pub fn sub_attribute(&self, name: &str) -> Option<&'static Self> {
        find(self.sub_attributes, name)
    }

    /// Whether a client may ever write it.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        !matches!(self.mutability, Mutability::ReadOnly)
    }
}

/// RFC 7643 §2.1: names are compared without regard to case.
pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
