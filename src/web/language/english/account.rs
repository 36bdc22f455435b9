//! The person's own pages, in English.

use crate::web::language::strings::account::{
    Account, Consents, Devices, Email, Invited, LanguageChoice, Memberships, Profile,
};

pub(super) const ACCOUNT: Account = Account {
    title: "My account",
    navigation: "Account pages",
    overview: "Overview",
    sessions: "Devices",
    apps: "Apps",
    invitations: "Invitations",
    sign_out: "Sign out",
    profile: Profile {
        greeting: |name| format!("Hello, {name}"),
        title: "About you",
        name: "Full name",
        name_hint: "As colleagues and apps see it.",
        change_name: "Change name",
        managed: "Your clinic keeps this up to date. Ask its administrator to change it.",
        kept: |source| format!("Kept by {source}, which your clinic connects. Have it changed there."),
        user_name: "User name",
        email: "E-mail",
        unverified: "not confirmed yet",
        change_email: "Change e-mail",
        password: "Password",
        password_age: |ago| format!("Changed {ago}"),
        change_password: "Change password",
        change_language: "Change language",
    },
    memberships: Memberships {
        title: "Your clinics",
        lead: "Where you belong, and your level in each.",
        level: "Your level",
        no_role: "You have no role here yet. Ask the clinic’s administrator for one.",
        everywhere: "all locations",
        groups: "Groups",
        is_default: "Your default",
        make_default: "Make default",
        default_changed: |organization| format!("{organization} is your default now."),
        none: "You don’t belong to a clinic at the moment.",
    },
    devices: Devices {
        lead: "Browsers and devices that are signed in to your account. Sign out any you don’t know, and change your password then.",
        this: "This device",
        unknown: "Unknown device",
        signed_in: |when| format!("Signed in {when}"),
        last_used: |when| format!("Last used {when}"),
        address: |address| format!("From {address}"),
        sign_out: "Sign out",
        sign_out_others: "Sign out everywhere else",
        sign_out_everywhere: "Sign out everywhere",
        ended: "Signed out.",
        past: "Signed out recently",
        past_lead: "Apps that you used there are signed out too.",
        signed_out: |when| format!("Signed out {when}"),
        app_out: |app, organization| format!("{app}, {organization}: signed out"),
        app_waits: |app, organization| format!("{app}, {organization}: being signed out"),
        app_failed: |app, organization| {
            format!(
                "{app}, {organization}: couldn’t be reached. You may still be signed in there; sign out in the app itself."
            )
        },
    },
    consents: Consents {
        lead: "Apps you’ve allowed to use your account. Apps run by your clinic don’t need to ask and aren’t listed.",
        none: "You haven’t allowed any app yet.",
        since: |when| format!("Allowed {when}"),
        withdraw: "Withdraw",
        withdrawn: |app| format!("{app} can no longer use your account."),
    },
    invited: Invited {
        lead: "Clinics that would like you to join. You decide; nobody is added without their say.",
        none: "No invitations are waiting for you.",
        accepted: |organization| format!("Welcome to {organization}."),
        rejected: |organization| format!("You’ve declined the invitation from {organization}."),
    },
    email: Email {
        title: "Change your e-mail",
        lead: |email| {
            format!("Your e-mail is {email}. We’ll send a link to the new address; nothing changes until you open it.")
        },
        new: "New e-mail",
        submit: "Send confirmation link",
        sent: |email| format!("We’ve sent a link to {email}. Open it within one hour to confirm."),
        changed: "Your new e-mail is confirmed.",
        taken: "That address can’t be used. Choose another.",
    },
    language: LanguageChoice { title: "Language", lead: "For these pages and for the e-mails we send you." },
};
