//! Mails in English.

use crate::web::language::strings::letter::{
    Changed, Code, Factors, Invitation, Letters, Locked, NewDevice, Recovery, Required, Reset, Suspicions, Undo,
    Verification, Waiting, Welcome, Word,
};

pub(super) const LETTERS: Letters = Letters {
    greeting: |name| format!("Hello {name},"),
    greeting_nameless: "Hello,",
    link_hint: "If the button doesn’t work, copy this address into your browser:",
    closing: "This message was sent automatically; replies are not read.",
    why: |site| format!("You get this e-mail because of your account at {site}."),
    why_invited: |site| format!("You get this e-mail because somebody invited this address at {site}."),
    invitation: Invitation {
        subject: |organization| format!("{organization} invites you to join"),
        lead: |name, organization| format!("{name} invites you to join {organization}."),
        lead_nameless: |organization| format!("You’re invited to join {organization}."),
        new_person: "Open the invitation to see what you’re offered. If you accept, you choose your name and password there, and you’re ready to sign in.",
        existing: "You already have an account, and you’ll keep it: sign in with it to accept or decline.",
        button: "Open invitation",
        expires: |date| format!("The invitation is open until {date}."),
        ignore: "You don’t want to join, or weren’t expecting this? Decline it, or leave it: without your answer nothing happens.",
    },
    reset: Reset {
        subject: "Choose a new password",
        lead: "Somebody, hopefully you, asked for a new password for your account.",
        button: "Choose new password",
        expires: "The link works once, for one hour.",
        ignore: "It wasn’t you? Then there’s nothing to do: your password stays as it is.",
    },
    verification: Verification {
        subject: "Confirm your e-mail address",
        lead: |email| format!("Confirm that {email} is yours, and it becomes the address of your account."),
        button: "Confirm address",
        expires: "The link works once, for one hour.",
        ignore: "You didn’t ask for this? Then don’t open the link, and nothing changes.",
    },
    password_changed: Changed {
        subject: "Your password has been changed",
        lead: |date| format!("The password of your account was changed on {date}."),
        effect: "You’ve been signed out on all other devices.",
        not_you: "It wasn’t you? Choose a new password at once and tell your clinic’s administrator.",
        button: "Choose new password",
    },
    email_changed: Changed {
        subject: "Your e-mail address has been changed",
        lead: |date| {
            format!(
                "The e-mail address of your account was changed on {date}. This is the last message to the former one."
            )
        },
        effect: "From now on, you sign in with the new address.",
        not_you: "It wasn’t you? Tell your clinic’s administrator at once.",
        button: "Open my account",
    },
    welcome: Welcome {
        subject: |organization| format!("Welcome to {organization}"),
        lead: |organization| format!("You’re now a member of {organization}, and your account is ready."),
        next: "On your account page you see your role at each location, where you’re signed in, and which apps may use your account.",
        button: "Open my account",
    },
    request: Waiting {
        subject: "A request is waiting for you",
        lead: "An app is asking for your approval. In your account you see which one and what for, and decide.",
        button: "See the request",
        expires: "It waits for a few minutes only. You can also open your account yourself, without this button.",
        not_you: "You didn’t start anything? Then don’t allow it, and tell your clinic’s administrator.",
    },
    factors: Factors {
        added: Word {
            subject: "An authenticator app has been added",
            lead: |date| format!("On {date}, an authenticator app was added to your account."),
            effect: "From now on, you’re asked for one of its codes when you sign in.",
        },
        removed: Word {
            subject: "An authenticator app has been removed",
            lead: |date| format!("On {date}, an authenticator app was removed from your account."),
            effect: "Its codes no longer work.",
        },
        passkey_added: Word {
            subject: "A passkey has been added",
            lead: |date| format!("On {date}, a passkey was added to your account."),
            effect: "From now on, it signs you in, or is asked for after your password.",
        },
        passkey_removed: Word {
            subject: "A passkey has been removed",
            lead: |date| format!("On {date}, a passkey was removed from your account."),
            effect: "It no longer signs you in.",
        },
        passkey_closed: Word {
            subject: "A passkey has been closed",
            lead: |date| {
                format!(
                    "On {date}, a passkey of your account was closed: its counter went back, so there may be a copy of it."
                )
            },
            effect: "It signs nobody in any more, and you’re signed out everywhere. Sign in with another passkey, an app or a recovery code, remove the closed one and set up a new one.",
        },
        mail_added: Word {
            subject: "Codes by e-mail have been set up",
            lead: |date| format!("On {date}, codes by e-mail were set up for your account."),
            effect: "From now on, you can have a code mailed to this address when you sign in.",
        },
        mail_removed: Word {
            subject: "Codes by e-mail have been removed",
            lead: |date| format!("On {date}, codes by e-mail were removed from your account."),
            effect: "No more codes are mailed to you.",
        },
        text_added: Word {
            subject: "Codes by text message have been set up",
            lead: |date| format!("On {date}, codes by text message were set up for your account."),
            effect: "From now on, you can have a code sent to your phone when you sign in.",
        },
        text_removed: Word {
            subject: "Codes by text message have been removed",
            lead: |date| format!("On {date}, codes by text message were removed from your account."),
            effect: "No more codes are sent to your phone.",
        },
        last_removed: Word {
            subject: "An authenticator app has been removed",
            lead: |date| format!("On {date}, the last authenticator app was removed from your account."),
            effect: "Your password alone signs you in from now on, and the recovery codes no longer work.",
        },
        reset: Word {
            subject: "Your second factors have been removed",
            lead: |date| format!("On {date}, all authenticator apps and recovery codes of your account were removed."),
            effect: "Until you set one up again, your password alone signs you in.",
        },
        taken_back: Word {
            subject: "Your account has been taken back",
            lead: |date| {
                format!(
                    "On {date}, your account was taken back with the link in our letter: what was set up since is removed."
                )
            },
            effect: "You’re signed out everywhere, and your former password signs nobody in any more. If you haven’t chosen a new one yet, do it now.",
        },
        undo: Undo {
            lead: "It wasn’t you? Then somebody knows your password. This button removes what they set up, signs them out everywhere and lets you choose a new password.",
            button: "It wasn’t me: take my account back",
            expires: "The button works for 72 hours, and once. If it was you, there’s nothing to do.",
        },
        codes_made: Word {
            subject: "You have new recovery codes",
            lead: |date| format!("On {date}, new recovery codes were made for your account."),
            effect: "All former ones no longer work.",
        },
        code_used: Word {
            subject: "A recovery code has been used",
            lead: |date| format!("On {date}, somebody signed in to your account with one of your recovery codes."),
            effect: "That code no longer works. Make new ones before the last is used.",
        },
        codes_guessed: Word {
            subject: "Somebody knows your password",
            lead: |date| {
                format!("On {date}, wrong codes were typed several times after the right password of your account.")
            },
            effect: "Nobody got in. If you didn’t mistype them yourself, somebody knows your password: choose another one.",
        },
        not_you: "It wasn’t you? Choose a new password at once and tell your clinic’s administrator.",
        button: "See how I sign in",
    },
    required: Required {
        subject: "A second step when you sign in",
        lead: |organization| {
            format!("{organization} asks you for a second step when you sign in, besides your password.")
        },
        lead_key: |organization| format!("{organization} asks you to sign in with a passkey or a security key."),
        at_once: "This counts from now on. Where you’re signed in without it, you’ll soon be signed out; when you next sign in, you set it up in a few minutes.",
        from: |date| {
            format!("This counts from {date}. Until then, you’re reminded each time you sign in, and may put it off.")
        },
        ready: "If you sign in like that already, there’s nothing to do.",
        button: "See how I sign in",
        lifted_subject: "You’re no longer asked for a second step",
        lifted_lead: |organization| {
            format!("{organization} no longer asks you in particular for a second step when you sign in.")
        },
        lifted_effect: "Rules for everybody, or for your role, may still ask for one. What you’ve set up stays, and is still asked for.",
    },
    locked: Locked {
        subject: "Your account is locked for new devices",
        lead: "Somebody has failed to sign in to your account too often, so nobody can sign in on a new device for now.",
        until: |date| format!("The lock ends by itself: {date}."),
        lasting: "The lock lasts until your clinic’s administrator ends it.",
        known: "Where you’re signed in, you stay signed in; in browsers you’ve used before, you can still sign in.",
        not_you: "If it wasn’t you, nobody got in. Was it you, and you’ve forgotten your password? Choose a new one.",
        button: "Choose new password",
    },
    new_device: NewDevice {
        subject: "New sign-in to your account",
        lead: "Somebody signed in to your account on a device that you haven’t used before.",
        facts: |device, address, date| format!("{device}, from {address}, on {date}."),
        yours: "If it was you, there’s nothing to do.",
        not_you: "It wasn’t you? Sign that device out, choose a new password at once and tell your clinic’s administrator.",
        button: "See my devices",
    },
    code: Code {
        subject: "Your code",
        lead: |code| format!("Your code is {code}"),
        expires: "It works once, for ten minutes, in the browser that asked for it.",
        facts: |device, from, date| format!("Asked for on {device}, from {from}, on {date}."),
        never: "Type it on the sign-in page and nowhere else. Nobody from IT, your clinic or a help desk will ever ask you for it.",
        not_you: "It wasn’t you? Then somebody knows your password. Nobody gets in without this code, but choose another password now.",
        button: "Change my password",
    },
    suspicion: Suspicions {
        unexpected: "An unexpected sign-in",
        failing: "Somebody may be guessing passwords",
        country: |name, country| {
            format!("{name} signed in from a country where they never signed in before: {country}.")
        },
        travel: |name, former, country| {
            let way = if former == country { country.to_owned() } else { format!("{former}, {country}") };
            format!("{name} signed in from two places ({way}) sooner than anybody can travel between them.")
        },
        device: |name| format!("{name} signed in on a device that they hadn’t used before."),
        theft: |name| {
            format!(
                "A session of {name} was used with a copied cookie, from two places at once. It was ended for both."
            )
        },
        failures: |name, times| format!("Somebody has failed {times} times to sign in as {name}."),
        spraying: |times| format!("Somebody has failed to sign in to {times} or more accounts, one after the other."),
        facts: |address, date| format!("It came from {address}, on {date}."),
        on_host: |date| format!("It was done on the host of the server, on {date}."),
        ask: "Ask the person whether it was them. If not, disable their account at once: that ends every session.",
        nobody_in: "Nobody got in by it. Attempts are slowed down by themselves; the audit log has all of them.",
        emergency: "An emergency account was used",
        emergency_lead: |account, organization| {
            format!("The emergency account {account} of {organization} was used to sign in.")
        },
        emergency_next: "If nobody of you did, disable it at once: `lanyard emergency remove`. Its session ends after four hours; then it signs in no more until it’s rotated.",
        emergency_made: "An emergency account was made",
        emergency_made_lead: |account, organization| {
            format!(
                "An emergency account {account} of {organization} was made. Whoever has its link registers a security key within 24 hours, which signs it in once as an owner."
            )
        },
        emergency_rotated: "An emergency account got another link",
        emergency_rotated_lead: |account, organization| {
            format!(
                "The emergency account {account} of {organization} got another link. The key before signs nobody in any more; whoever has the link registers another within 24 hours."
            )
        },
        emergency_link_next: "If nobody of you knows of it, remove the account at once: `lanyard emergency remove`.",
        emergency_key: "An emergency account has a key now",
        emergency_key_lead: |account, organization| {
            format!(
                "The emergency account {account} of {organization} was set up with a security key, which signs it in once as an owner."
            )
        },
        emergency_key_next: "If nobody of you did, remove it at once: `lanyard emergency remove`. Whoever holds that key can use it.",
        emergency_removed: "An emergency account was removed",
        emergency_removed_lead: |account, organization| {
            format!("The emergency account {account} of {organization} was removed. Its key signs nobody in any more.")
        },
        emergency_removed_next: "If nobody of you knows of it, find out who did it: `lanyard audit list`. To have another: `lanyard emergency create`.",
        once: "For an hour, you won’t get another message about the same.",
        button: "Open my account",
    },
    recovery: Recovery {
        asked_subject: "Somebody asks to let you in without your second step",
        asked_lead: |organization| {
            format!(
                "{organization}: an administrator says that you’ve lost every way to do the second step of your sign-in."
            )
        },
        asked_next: "If a different administrator agrees, you’ll get a link by which you sign in once with your password alone, and set up a new second step.",
        asked_stop: "You haven’t lost anything, or didn’t ask for this? Stop it: it takes one click.",
        stop: "Stop it",
        open_until: |date| format!("The request is open until {date}. If you asked for it, there’s nothing to do now."),
        agreed_subject: "Sign in once without your second step",
        agreed_lead: "It was agreed that you sign in once with your password alone.",
        agreed_effect: "With this link and your password you remove your former second steps and recovery codes. You’re signed out everywhere else.",
        agreed_button: "Go on with my password",
        agreed_expires: "The link works once, for 24 hours, and only together with your password.",
        agreed_not_you: "You didn’t ask for this? Stop it on the page behind the link, and tell your clinic’s administrator.",
        shown_lead: "The link by which you sign in once with your password alone was shown to somebody with access to the server.",
        shown_effect: "You didn’t ask for this? Change your password now, and tell whoever runs the server: without your password the link is worth nothing.",
        ended_subject: "Nobody is let in without your second step",
        ended_lead: "The request to let you in without your second step has ended.",
        ended_effect: "Its links no longer work, and nothing has changed about your sign-in.",
        account: "Open my account",
        delayed_lead: |name| {
            format!(
                "Somebody with access to the server asked that {name} be let in without a second step, because they lost every one."
            )
        },
        delayed_at: |date| {
            format!(
                "Unless it’s stopped, the person will get a link on {date}: it works once, together with the password."
            )
        },
        delayed_stop: "Is this wrong, or do you know nothing of it? Stop it: it takes one click.",
        news_subject: |name| format!("Lost second step: {name}"),
        news_asked: |name| {
            format!("Somebody asked that {name} be let in without a second step, because they lost every one.")
        },
        news_asked_next: "It takes one administrator more who agrees. Before you do, speak to the person face to face, or on a number that you knew before.",
        news_agreed: |name| {
            format!("It was agreed that {name} is let in once without a second step; the link is on its way to them.")
        },
        news_ended: |name| {
            format!("The request to let {name} in without a second step has ended, and nobody gets in by it.")
        },
        news_used: |name| format!("{name} has removed every second step with the link and the password."),
        news_next: "If this surprises you, ask the person, and look at the audit log.",
        news_button: "See what waits",
    },
};
