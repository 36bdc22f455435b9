//! Danish.

mod account;
mod authentication;
mod federation;
mod letter;
mod recovery;

use super::strings::{Ago, Chrome, Errors, Form, Said, Strings, Wait};

/// All texts in Danish.
pub static STRINGS: Strings = Strings {
    chrome: Chrome { skip_to_content: "Gå til indhold", language: "Sprog", powered_by: "Beskyttet af Lanyard" },
    errors: Errors {
        not_found: Said {
            title: "Vi kan ikke finde siden",
            text: "Adressen er måske skrevet forkert, eller siden er flyttet. Tjek linket, og prøv igen.",
        },
        method_not_allowed: Said {
            title: "Siden kan ikke bruges på den måde",
            text: "Adressen er rigtig, men den kan ikke bruges sådan. Åbn den igen fra den app eller side, du kom fra.",
        },
        bad_request: Said {
            title: "Vi kunne ikke læse forespørgslen",
            text: "Noget i linket eller formularen mangler eller er beskadiget. Gå tilbage, og prøv forfra.",
        },
        app: Said {
            title: "Appen sendte en anmodning om login, som vi ikke kan godkende",
            text: "Der er ikke noget galt med din konto. Gå tilbage til appen, og prøv igen. Bliver det ved, så send oplysningerne nedenfor til dem, der driver appen.",
        },
        app_sign_out: Said {
            title: "Appen sendte en anmodning om at logge ud, som vi ikke kan godkende",
            text: "Du er måske stadig logget ind. Gå tilbage til appen, og prøv igen, eller log ud fra din kontoside. Bliver det ved, så send oplysningerne nedenfor til dem, der driver appen.",
        },
        form_expired: Said {
            title: "Formularen gælder ikke længere",
            text: "Den har været åben længe, eller også gemmer din browser ikke vores cookies. Indlæs siden igen, og udfyld den på ny. Intet er blevet ændret.",
        },
        content_type: Said {
            title: "Vi kunne ikke læse formularen",
            text: "Den kom i et format, vi ikke tager imod her. Indlæs siden igen, og brug sidens egen formular.",
        },
        too_large: Said {
            title: "Det er mere, end vi kan tage imod",
            text: "Det, der blev sendt, er for stort til denne formular. Gør det kortere, og prøv igen.",
        },
        too_slow: Said {
            title: "Det var for længe om at nå frem",
            text: "Kun en del af det, du sendte, er nået frem, så intet er ændret. Tjek din forbindelse, og prøv igen.",
        },
        link_invalid: Said {
            title: "Linket virker ikke længere",
            text: "Links i vores e-mails virker én gang og i begrænset tid. Bed om et nyt samme sted, som du fik dette.",
        },
        forbidden: Said {
            title: "Du har ikke adgang til siden",
            text: "Din konto har ikke lov til at se den. Har du brug for den i dit arbejde, så spørg klinikkens administrator.",
        },
        too_many_attempts: Said {
            title: "For mange forsøg",
            text: "For at beskytte kontoen har vi sat det på pause et stykke tid. Vent nogle minutter, og prøv så igen.",
        },
        busy: Said {
            title: "Vi har meget travlt lige nu",
            text: "Din forespørgsel kunne ikke behandles i dette øjeblik. Vent nogle sekunder, og prøv så igen.",
        },
        fault: Said {
            title: "Noget gik galt hos os",
            text: "Det er ikke din skyld, og vi har noteret, hvad der skete. Prøv igen om lidt. Bliver det ved, så giv din it-support nummeret nedenfor.",
        },
        try_again: "Prøv igen",
        to_account: "Gå til min konto",
        for_support: "Oplysninger til it-support",
        request_id: "Forespørgselsnummer",
        time: "Tidspunkt",
        address: "Din adresse",
        detail: "Hvad der var galt",
    },
    ago: Ago {
        just_now: "lige nu",
        minutes: |n| format!("for {n} minutter siden"),
        an_hour: "for 1 time siden",
        hours: |n| format!("for {n} timer siden"),
        a_day: "i går",
        days: |n| format!("for {n} dage siden"),
    },
    wait: Wait {
        a_second: "1 sekund",
        seconds: |n| format!("{n} sekunder"),
        a_minute: "1 minut",
        minutes: |n| format!("{n} minutter"),
        an_hour: "1 time",
        hours: |n| format!("{n} timer"),
    },
    form: Form {
        problems: "Se lige på dette",
        fill_in: |label| format!("Udfyld “{label}”."),
        email_malformed: "Det ligner ikke en e-mailadresse. Den skal se ud som navn@klinik.example.",
        show_password: "Vis adgangskode",
        hide_password: "Skjul adgangskode",
        cancel: "Annuller",
        save: "Gem",
        saved: "Gemt.",
        until: |date| format!("til {date}"),
    },
    authentication: authentication::AUTHENTICATION,
    federation: federation::FEDERATION,
    account: account::ACCOUNT,
    recovery: recovery::RECOVERY,
    letters: letter::LETTERS,
};
