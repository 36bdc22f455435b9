//! The form that asks for a passkey, on the pages where one can be used.

/// What the form holds (`part/passkey.html`).
#[derive(Debug, Clone)]
pub struct PasskeyForm {
    /// Where it posts to.
    pub action: String,
    /// `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
    /// The ceremony, sealed.
    pub state: String,
    /// Where another ceremony is had once this one is too old.
    pub renew: String,
    /// Whether passkeys are offered where the name is typed.
    pub is_conditional: bool,
}
