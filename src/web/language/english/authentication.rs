//! Signing in, in English.

use crate::web::language::strings::{
    Said,
    authentication::{
        Asked, Authentication, Consent, Device, Invitation, NoAccess, OrganizationChoice, Passkey, Password, Phone,
        Reset, Scopes, SecondFactor, SentBy, SentCodes, SignIn, SignOut, Station, TakeBack, Terms,
    },
};

pub(super) const AUTHENTICATION: Authentication = Authentication {
    tagline: "One sign-in for everything you use at the clinic.",
    sign_in: SIGN_IN,
    second_factor: SecondFactor {
        title: "One more step",
        lead: "Open your authenticator app and type the six digits it shows for this site.",
        lead_with_both: "Use your passkey, or type the six digits that your authenticator app shows for this site.",
        lead_with_passkey: "Use your passkey: touch the key, or unlock your device.",
        lead_key_wanted: "Your organization asks for your passkey or security key here: touch the key, or unlock your device.",
        lost_key: "I have lost it: set up another",
        use_passkey: "Use your passkey instead",
        code: "Code",
        submit: "Continue",
        wrong: "That code isn’t right, has expired, or was used already. Type the one that is shown now.",
        wrong_recovery: "That recovery code isn’t right, or was used already. Try the next one on your list.",
        use_recovery: "I can’t do that now: use a recovery code",
        recovery_lead: "Type one of the recovery codes you kept when you set up this step. Each works once.",
        recovery_code: "Recovery code",
        no_codes: "No codes either? Your clinic’s administrator can remove this step.",
        remember: |days| match days {
            1 => "Don’t ask again on this device for a day. Not on a shared computer.".to_owned(),
            days => format!("Don’t ask again on this device for {days} days. Not on a shared computer."),
        },
        use_app: "Use the authenticator app instead",
    },
    sent: SentCodes {
        mail: SentBy {
            choose: "Send me a code by e-mail",
            before: |to| format!("We can mail a code of six digits to {to}."),
            sent: |to| {
                format!("We have mailed a code of six digits to {to}. It’s good for ten minutes, in this browser.")
            },
            title: "Codes by e-mail",
            none: "You have none. When you sign in, a code can be mailed to you. A passkey or an app is safer: whoever reads your mail reads the codes too.",
            add: "Set up codes by e-mail",
            offer: "A code that is mailed to you each time.",
            was_added: "Codes by e-mail have been set up.",
        },
        text: SentBy {
            choose: "Send me a code as a text message",
            before: |to| format!("We can send a code of six digits to your phone {to}."),
            sent: |to| {
                format!(
                    "We have sent a code of six digits to your phone {to}. It’s good for ten minutes, in this browser."
                )
            },
            title: "Codes by text message",
            none: "You have none. When you sign in, a code can be sent to your phone. A passkey or an app is safer: numbers can be taken over.",
            add: "Set up codes by text message",
            offer: "A code that is sent to your phone each time.",
            was_added: "Codes by text message have been set up.",
        },
        send: "Send the code",
        again: "Send another code",
        wait: |wait| format!("Another code can be sent in {wait}."),
        wrong: "That code isn’t right, has expired, or was used already. After five tries a code is void: send another.",
        submit: "Continue",
        mail_closed: "Codes by e-mail don’t count here: your password came by a link in the same mailbox, or your address was changed for you. Sign in another way, then set them up again.",
        mail_not_now: "Your password was chosen by a link in the same mailbox less than a day ago, so codes sent there would prove nothing more. Set up an app or a passkey, or come back tomorrow.",
        phone: Phone {
            lead: "Type the number of your mobile phone. We send a code there, to see that it’s yours.",
            number: "Mobile phone",
            hint: "With the code of the country: +45 12 34 56 78",
            wrong: "That’s no number with the code of its country. Write it as in +45 12 34 56 78.",
            unreachable: "No text messages are sent to numbers of that country here. Use another number, or another way.",
            exhausted: "Too many text messages were sent within the last hour. Use another way, or try again later.",
            message: |code, site| format!("{code} is your code for {site}. Nobody will ask you for it."),
        },
    },
    station: Station {
        title: "Make this browser a shared workstation?",
        lead: |name, organization| {
            format!(
                "“{name}” of {organization}: one person after the other works here. Whoever is away for a short time is signed out, and nobody’s account is remembered in this browser."
            )
        },
        away: Said {
            title: "Are you still there?",
            text: "Nobody used this workstation for a while, so the page was closed.",
        },
        go_on: "Go on",
        submit: "Make it a shared workstation",
        here: |name, organization| format!("{name} · {organization}"),
        done: "This browser is a shared workstation now.",
    },
    passkey: Passkey {
        use_one: "Use a passkey",
        failed: "That didn’t work, or took too long. Try again, or sign in another way.",
        wrong: "That passkey isn’t registered here, or could not be checked. Sign in another way.",
        closed: "This passkey was closed, because there may be a copy of it. Sign in another way.",
        too_late: "This page was open for too long. Try again.",
        unsupported: "This browser can’t use passkeys. Use a recovery code, or another browser.",
    },
    take_back: TakeBack {
        title: "Take your account back",
        lead: "Somebody set up a way to sign in that isn’t yours, or changed your e-mail address? This removes what was set up since our letter, signs everybody out of your account everywhere and lets you choose a new password.",
        submit: "Take my account back",
    },
    organization: OrganizationChoice {
        title: "Where are you working?",
        lead: "You belong to more than one clinic. Choose the one you want to work in now; you can switch later.",
        lead_for: |app| {
            format!(
                "You belong to more than one clinic. Choose the one you want to use {app} for; you can switch later."
            )
        },
        default: "Your default",
        none: Said {
            title: "You don’t belong to a clinic yet",
            text: "Your account works, but no clinic has added you, or your time there has ended. Ask your clinic’s administrator to invite you.",
        },
        other_person: "Sign in as someone else",
    },
    consent: CONSENT,
    password: PASSWORD,
    reset: Reset {
        title: "Forgot your password?",
        lead: "Tell us who you are, and we’ll e-mail you a link to choose a new one.",
        user_name: "User name or e-mail",
        submit: "Send me a link",
        back: "Back to sign-in",
        sent: Said {
            title: "Check your e-mail",
            text: "If there is an account with a mailbox for what you entered, a link is on its way. It works once, for one hour.",
        },
        sent_hint: "Nothing after a few minutes? Look in your spam folder, or check the spelling and try again.",
        no_mailbox: "No mailbox of your own? Your clinic’s administrator can give you a new password.",
        choose: Said {
            title: "Choose a new password",
            text: "When you save it, you’ll be signed out everywhere else.",
        },
        set: "Save new password",
    },
    terms: Terms {
        title: "Before you continue",
        lead: "Please read and accept these texts. You’ll only be asked again when they change.",
        changed_lead: "These texts have changed since you accepted them. Please read and accept the new version.",
        version: |version| format!("Version {version}"),
        new_window: "opens in a new window",
        accept: "I have read and accept these texts",
        accept_first: "Tick the box to show that you accept the texts.",
        submit: "Continue",
        decline: "Don’t accept and sign out",
        terms: "Terms of use",
        privacy: "Privacy notice",
    },
    invitation: INVITATION,
    sign_out: SignOut {
        confirm_title: "Sign out?",
        confirm_lead: |name| {
            format!("You’re signed in as {name}. Signing out ends your session in every app you opened with it.")
        },
        submit: "Sign out",
        stay: "Stay signed in",
        done: Said {
            title: "You’re signed out",
            text: "On a shared computer, close the browser window before you leave.",
        },
        onward: "Continue",
        again: "Sign in again",
        back_to: |app| format!("Back to {app}"),
    },
    no_access: NoAccess {
        title: |app| format!("You can’t use {app} yet"),
        lead: |app, organization| format!("You’re signed in, but {organization} hasn’t given you what {app} asks for."),
        lead_without_organization: |app| format!("You’re signed in, but your clinic hasn’t given you access to {app}."),
        closed_title: |app| format!("You can’t use {app} at this time"),
        closed: |organization| format!("You’re signed in, but {organization} is closed for you at this time."),
        unusual_title: |app| format!("You can’t use {app} with this sign-in"),
        unusual: |organization| {
            format!(
                "This sign-in looks unusual, so {organization} asks for a second factor, and you have none. Sign in from where and with what you usually do."
            )
        },
        elsewhere_title: |app| format!("You can’t use {app} from here"),
        elsewhere: |organization| {
            format!("You’re signed in, but {organization} doesn’t let you work from this network.")
        },
        ask: "These people can give you access:",
        ask_administrator: "Ask your clinic’s administrator to give you access.",
        other_organization: "Choose another clinic",
        back: "Back to the app",
        needs: "What’s missing",
    },
    device: DEVICE,
    asked: ASKED,
};

const SIGN_IN: SignIn = SignIn {
    title: "Sign in",
    continue_to: |app| format!("to continue to {app}"),
    user_name: "User name or e-mail",
    password: "Password",
    forgot: "Forgot your password?",
    submit: "Sign in",
    wrong: "That user name and password don’t match. Check both and try again.",
    throttled: |wait| format!("Too many attempts. Try again in {wait}."),
    full: "You’re signed in on as many devices as your clinic allows. Sign out on one of them, then try again.",
    again: Said { title: "Please sign in again", text: "The app asks you to confirm that it’s you." },
    again_unasked: "Before you go on, show once more that it’s you.",
    password_changed: "Your new password is saved. Sign in with it now.",
};

const DEVICE: Device = Device {
    title: "Connect a device",
    lead: "Type the code that the device shows.",
    code: "Code",
    code_hint: "Eight letters, such as BCDF-GHJK",
    submit: "Continue",
    wrong: "That code isn’t right or no longer works. Check it, or let the device show a new one.",
    confirm_title: |app| format!("Connect {app}?"),
    confirm_lead: |organization| format!("The device will work in your name for {organization}."),
    same_code: "Does the device show this code?",
    warning: "Allow it only if the device is in front of you. If somebody sent you this code or link, don’t allow it.",
    allowed: Said { title: "The device is connected", text: "It goes on by itself. You can close this page." },
    refused: Said { title: "The device isn’t connected", text: "It gets no access. You can close this page." },
};

const ASKED: Asked = Asked {
    title: "Requests",
    lead: "Apps that ask for your approval right now.",
    none: "Nothing is waiting for you.",
    message: "Where you started it, you should see:",
    warning: "Allow only what you started yourself, and only if the message is the one you see there.",
    allowed: "Allowed. The app goes on by itself.",
    refused: "Not allowed. The app gets no access.",
    gone: "That request is no longer open.",
    account: "Back to your account",
};

const CONSENT: Consent = Consent {
    title: |app| format!("Let {app} use your account?"),
    lead: |organization| format!("You’re signing in for {organization}."),
    stranger: "Nobody here has checked this app: it belongs to the address above. Allow it only if you know that address.",
    will: |app| format!("{app} will be able to:"),
    allow: "Allow",
    deny: "Don’t allow",
    withdraw_later: "You can take this back at any time under “Apps” in your account.",
    scopes: Scopes {
        openid: "Know that it’s you",
        profile: "See your name and profile",
        email: "See your e-mail address",
        address: "See your postal address",
        phone: "See your phone number",
        offline_access: "Stay connected while you’re away",
        organization: "See which clinic you’re working in",
        roles: "See your roles in this clinic",
        groups: "See your groups in this clinic",
        locations: "See the locations you work at",
        entitlements: "See what you’re allowed to do in it",
        identifiers: "See your provider numbers and those of your locations",
        practitioner: "See your profession and your registration in this clinic",
        own_profile: "See your profile in this clinic, and change what you may change there",
        other: |scope| format!("Use “{scope}”"),
    },
};

const PASSWORD: Password = Password {
    title: "Change your password",
    lead: "You’ll stay signed in here and be signed out everywhere else.",
    forced_title: "Choose your own password",
    forced_lead: "The password you signed in with was temporary. Choose one that only you know.",
    expired_lead: "Your password is older than your organization allows. Choose another one to go on.",
    current: "Current password",
    new: "New password",
    repeat: "New password, once more",
    rules: |least| {
        format!("At least {least} characters. A few unrelated words are easy to remember and hard to guess.")
    },
    submit: "Save new password",
    changed: "Your password has been changed.",
    wrong_current: "That isn’t your current password.",
    too_short: |least| format!("That’s too short: use at least {least} characters."),
    too_long: "That’s too long: use at most 1,024 bytes.",
    former: "You have used that password before. Choose another.",
    too_common: "That password is known from data leaks or easy to guess. Choose another.",
    kinds: |least| format!("Use at least {least} of: capital letters, small letters, digits, symbols."),
    weak: "That password is too easy to guess. Add another word or two; uncommon words are better.",
    weak_why: [
        "Rows of keys are easy to guess.",
        "Repetitions are easy to guess.",
        "Many people use one like it.",
        "Sequences such as abc or 6543 are easy to guess.",
        "Years and dates are easy to guess.",
        "A single word is easy to guess.",
        "Names are easy to guess.",
    ],
    weak_tricks: [
        "Capital letters don’t help much.",
        "Words spelled backwards don’t help much.",
        "Substitutions such as @ for a don’t help much.",
    ],
    about_you: "That password contains your name or your clinic’s. Choose another.",
    same: "That’s the password you have now. Choose another.",
    differ: "The two new passwords aren’t the same.",
};

const INVITATION: Invitation = Invitation {
    title: |organization| format!("Join {organization}"),
    invited_by: |name| format!("{name} has invited you."),
    offered: "What you’re offered",
    everywhere: "all locations",
    expires: |date| format!("The invitation is open until {date}."),
    accept: "Accept invitation",
    reject: "Decline",
    as_person: |name| format!("You’re signed in as {name}."),
    other_person: "Not you? Sign in as someone else",
    new_lead: "Tell us your name and choose a password, and your account is ready.",
    name: "Your full name",
    email: "Your e-mail",
    create: "Accept and create my account",
    have_account: Said {
        title: "You already have an account",
        text: "Sign in with it to accept or decline. You keep one login for all your clinics.",
    },
    sign_in_to_accept: "Sign in to answer",
    rejected: Said {
        title: "Invitation declined",
        text: "Nobody has been added anywhere. If you change your mind, ask for a new invitation.",
    },
    wrong_person: Said {
        title: "This invitation is for someone else",
        text: "It was sent to another address than the one of the account you’re signed in with.",
    },
};
