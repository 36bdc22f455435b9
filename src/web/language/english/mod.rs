//! English.

mod account;
mod authentication;
mod federation;
mod letter;
mod recovery;

use super::strings::{Ago, Chrome, Errors, Form, Said, Strings, Wait};

/// All texts in English.
pub static STRINGS: Strings = Strings {
    chrome: Chrome { skip_to_content: "Skip to content", language: "Language", powered_by: "Secured by Lanyard" },
    errors: Errors {
        not_found: Said {
            title: "We can’t find that page",
            text: "The address may be mistyped, or the page may have moved. Check the link and try again.",
        },
        method_not_allowed: Said {
            title: "This page doesn’t work that way",
            text: "The address is right, but it can’t be used like this. Open it again from the app or page that sent you here.",
        },
        bad_request: Said {
            title: "We couldn’t read that request",
            text: "Something in the link or form is incomplete or damaged. Go back and try again from the start.",
        },
        app: Said {
            title: "The app sent a sign-in request we can’t accept",
            text: "Nothing is wrong with your account. Go back to the app and try again. If it keeps happening, send the details below to the people who run the app.",
        },
        app_sign_out: Said {
            title: "The app sent a sign-out request we can’t accept",
            text: "You may still be signed in. Go back to the app and try again, or sign out from your account page. If it keeps happening, send the details below to the people who run the app.",
        },
        form_expired: Said {
            title: "This form is no longer valid",
            text: "It was open for a long time, or your browser doesn’t keep our cookies. Load the page again and fill it in once more. Nothing has been changed.",
        },
        content_type: Said {
            title: "We couldn’t read that form",
            text: "It arrived in a format we don’t accept here. Load the page again and use its own form.",
        },
        too_large: Said {
            title: "That’s more than we can take in",
            text: "What was sent is too large for this form. Shorten it and try again.",
        },
        too_slow: Said {
            title: "That took too long to reach us",
            text: "Only a part of what you sent has arrived, so nothing has been changed. Check your connection, then try again.",
        },
        link_invalid: Said {
            title: "This link no longer works",
            text: "Links in our e-mails work once and for a limited time. Ask for a new one where you got this one.",
        },
        forbidden: Said {
            title: "You don’t have access to this page",
            text: "Your account isn’t allowed to see it. If you need it for your work, ask your clinic’s administrator.",
        },
        too_many_attempts: Said {
            title: "Too many attempts",
            text: "To keep accounts safe we’ve paused this for a while. Wait a few minutes, then try again.",
        },
        busy: Said {
            title: "We’re very busy right now",
            text: "Your request couldn’t be handled this moment. Wait a few seconds, then try again.",
        },
        fault: Said {
            title: "Something went wrong on our side",
            text: "It isn’t your fault, and we’ve recorded what happened. Try again in a moment. If it keeps happening, give your help desk the number below.",
        },
        try_again: "Try again",
        to_account: "Go to my account",
        for_support: "Details for your help desk",
        request_id: "Request number",
        time: "Time",
        address: "Your address",
        detail: "What was wrong",
    },
    ago: Ago {
        just_now: "just now",
        minutes: |n| format!("{n} minutes ago"),
        an_hour: "1 hour ago",
        hours: |n| format!("{n} hours ago"),
        a_day: "yesterday",
        days: |n| format!("{n} days ago"),
    },
    wait: Wait {
        a_second: "1 second",
        seconds: |n| format!("{n} seconds"),
        a_minute: "1 minute",
        minutes: |n| format!("{n} minutes"),
        an_hour: "1 hour",
        hours: |n| format!("{n} hours"),
    },
    form: Form {
        problems: "Please check this",
        fill_in: |label| format!("Fill in “{label}”."),
        email_malformed: "That doesn’t look like an e-mail address. It should look like name@clinic.example.",
        show_password: "Show password",
        hide_password: "Hide password",
        cancel: "Cancel",
        save: "Save",
        saved: "Saved.",
        until: |date| format!("until {date}"),
    },
    authentication: authentication::AUTHENTICATION,
    federation: federation::FEDERATION,
    account: account::ACCOUNT,
    recovery: recovery::RECOVERY,
    letters: letter::LETTERS,
};
