//! English: signing in by an account of the organization.

use crate::web::language::strings::{
    Said,
    federation::{Directory, Federation},
};

pub(super) const FEDERATION: Federation = Federation {
    directory: Directory {
        password_expired: "Your password has expired. Change it on a computer of your clinic or ask your IT department, then sign in here.",
        must_change: "You have to choose a new password before you can sign in. Do it on a computer of your clinic or ask your IT department.",
        disabled: "Your clinic’s account is switched off. Ask your IT department.",
        expired: "Your clinic’s account has come to its end. Ask your IT department.",
        hours: "Your clinic’s account can’t sign in at this time of day.",
        place: "Your clinic’s account can’t sign in from here.",
        locked: "Your clinic’s account is locked after too many attempts. Wait a while or ask your IT department.",
        silent: "We can’t reach your clinic’s directory to check your password. Try again in a minute; if it lasts, tell your IT department.",
    },
    sign_in_with: |name| format!("Sign in with {name}"),
    or: "or",
    organization: Said {
        title: "Sign in through your organization",
        text: "Type your work address, and we’ll take you to your organization’s own sign-in.",
    },
    address: "Work e-mail",
    go_on: "Go on",
    unknown: "We don’t know which organization this address belongs to. Check it, or sign in with your password.",
    required: "Your clinic lets you in through its own account alone. Use that one.",
    by_organization: "Sign in through your organization",
    by_password: "Sign in with a password",
    on_the_way: Said { title: "One moment", text: "We’re taking you on. If nothing happens, go on yourself." },
    own_sign_in: Said {
        title: "Sign in as yourself first",
        text: "You came in through one organization, and your account belongs to others too. Sign out, then sign in with your own password or passkey to see this page.",
    },
    failed: Said {
        title: "Signing in didn’t work",
        text: "Your organization’s sign-in sent an answer that we can’t accept. Go back to the app and try again. If it keeps happening, send the details below to your IT department.",
    },
    turned_away: Said {
        title: "You don’t have access yet",
        text: "Your organization knows you, but nobody has given you access here. Ask your IT department or your clinic’s administrator.",
    },
    incomplete: Said {
        title: "Something is missing in your account",
        text: "Your organization’s sign-in didn’t tell us all that is needed to let you in. Send the details below to your IT department.",
    },
    invited: Said {
        title: "Check your e-mail",
        text: "We’ve sent you an invitation. Open it to connect your account, then sign in again.",
    },
    taken: Said {
        title: "You already have an account here",
        text: "Sign in with your own password or passkey first; then sign in through your organization to connect the two.",
    },
};
