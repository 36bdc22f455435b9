//! The person's own pages, in English.

use crate::web::language::strings::account::{
    Account, CodesPage, Consents, Devices, Email, Enrolment, Invited, Keys, LanguageChoice, Memberships, Profile,
    Security, SetUp,
};

pub(super) const ACCOUNT: Account = Account {
    title: "My account",
    navigation: "Account pages",
    overview: "Overview",
    security: Security {
        title: "Signing in",
        lead: "Your password alone signs you in. An authenticator app makes that safer.",
        lead_with_factor: "Your password alone doesn’t sign you in: a second step is asked for as well.",
        keys: Keys {
            title: "Passkeys",
            none: "You have none yet. A passkey signs you in with your finger, your face or a PIN, without a password; no other site can ask for it.",
            add: "Add a passkey",
            add_title: "Add a passkey",
            add_lead: "Your browser asks for your finger, face or PIN, or for a security key. A passkey works on this site alone, so nobody can lure it out of you.",
            unsupported: "This browser can’t make passkeys. Try another one, or another device.",
            failed: "That didn’t work, or took too long. Try again.",
            known: "This device has a passkey for this account already.",
            submit: "Add passkey",
            name: "Name of the passkey",
            default_name: "Passkey",
            wrong: "The passkey could not be checked, or the page was open for too long. Try again.",
            unverified: "Your clinic asks for passkeys that check who you are, by a PIN, a finger or a face. Set that up on the key, or use another one.",
            other_model: "Your clinic allows certain models of passkeys only. This one isn’t among them, or it doesn’t say what it is.",
            closed: |ago| {
                format!(
                    "Closed {ago}: it counted back, so there may be a copy of it. It no longer signs you in. Remove it and add a new one."
                )
            },
            was_added: "The passkey has been added.",
        },
        apps: "Authenticator apps",
        none: "You have none yet. An app on your phone shows a new code every half minute; you type it when you sign in.",
        added: |ago| format!("Added {ago}"),
        used: |ago| format!("last used {ago}"),
        add: "Add an authenticator app",
        too_many: "You have as many as an account may have. Remove one first.",
        remove: "Remove",
        remove_title: |name| format!("Remove {name}?"),
        remove_lead: "Its codes stop working. Your other apps and your recovery codes stay.",
        remove_last_lead: "It is your only one: your password alone will sign you in, and your recovery codes stop working.",
        was_added: "The app has been added. You’re asked for one of its codes from now on.",
        was_removed: "The app has been removed.",
        codes: "Recovery codes",
        codes_left: |count| match count {
            1 => "One recovery code is left.".to_owned(),
            count => format!("{count} recovery codes are left."),
        },
        make_codes: "Make new recovery codes",
        make_codes_lead: "Keep them where you’d keep a spare key. They let you in when the app is lost; new ones replace all you have.",
        enrolment: Enrolment {
            title: "Set up a second step",
            lead: "Your organization asks for a second step when you sign in. Set one up to go on.",
            lead_later: |date| {
                format!(
                    "From {date} your organization asks for a second step when you sign in. Set one up now, or later."
                )
            },
            lead_key: "Your organization asks for a passkey or a security key when you sign in. Add one to go on.",
            lead_key_later: |date| {
                format!(
                    "From {date} your organization asks for a passkey or a security key when you sign in. Add one now, or later."
                )
            },
            key: "A passkey: your finger, your face, a PIN, or a security key that you plug in.",
            app: "An app on your phone that shows a new code every half minute.",
            none: "None can be set up on this site. Ask your administrator.",
            later: "Later",
        },
        remembered: "Remembered browsers",
        remembered_count: |count| match count {
            1 => "In one browser, you’re not asked for the second step for a time.".to_owned(),
            count => format!("In {count} browsers, you’re not asked for the second step for a time."),
        },
        ask_again: "Ask again everywhere",
        asked_again: "You’re asked for the second step everywhere again.",
        key_first: "To change this, sign in with one of your passkeys first, or with a recovery code.",
        set_up: SetUp {
            title: "Add an authenticator app",
            scan: "Open the app on your phone and scan this picture.",
            picture: "QR code for the authenticator app",
            open: "On this phone already? Open it in the app",
            type_it: "Can’t scan it? Type this into the app instead:",
            confirm: "Then type the code that the app shows.",
            name: "Name of the app or phone",
            name_hint: "So that you recognise it later.",
            default_name: "Phone",
            code: "Code",
            submit: "Add app",
            wrong: "That isn’t the app’s present code. Is the phone’s clock right? Type the code that is shown now.",
            too_long: "At most 60 characters, please.",
        },
        codes_page: CodesPage {
            title: "Your recovery codes",
            lead: "If you lose your phone, each of these lets you in once. Print them or keep them in a password manager.",
            once: "You see them only now.",
            done: "I have kept them",
        },
    },
    sessions: "Devices",
    apps: "Apps",
    invitations: "Invitations",
    sign_out: "Sign out",
    lock: "Lock",
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
        password_until: |date| format!("A new one is due by {date}."),
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
