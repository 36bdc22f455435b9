//! Danish: signing in by an account of the organization.

use crate::web::language::strings::{
    Said,
    federation::{Directory, Federation},
};

pub(super) const FEDERATION: Federation = Federation {
    directory: Directory {
        password_expired: "Din adgangskode er udløbet. Skift den på en computer i klinikken, eller spørg it-afdelingen, og log så ind her.",
        must_change: "Du skal vælge en ny adgangskode, før du kan logge ind. Gør det på en computer i klinikken, eller spørg it-afdelingen.",
        disabled: "Din konto i klinikken er slået fra. Spørg it-afdelingen.",
        expired: "Din konto i klinikken er udløbet. Spørg it-afdelingen.",
        hours: "Din konto i klinikken kan ikke logge ind på dette tidspunkt.",
        place: "Din konto i klinikken kan ikke logge ind herfra.",
        locked: "Din konto i klinikken er låst efter for mange forsøg. Vent lidt, eller spørg it-afdelingen.",
        silent: "Vi kan ikke få fat i klinikkens katalog for at kontrollere din adgangskode. Prøv igen om et minut; bliver det ved, så sig det til it-afdelingen.",
    },
    sign_in_with: |name| format!("Log ind med {name}"),
    or: "eller",
    organization: Said {
        title: "Log ind gennem din organisation",
        text: "Skriv din arbejdsadresse, så sender vi dig til din organisations eget login.",
    },
    address: "Arbejdsmail",
    go_on: "Fortsæt",
    unknown: "Vi ved ikke, hvilken organisation adressen hører til. Tjek den, eller log ind med din adgangskode.",
    required: "Din klinik lukker dig kun ind med sin egen konto. Brug den.",
    by_organization: "Log ind gennem din organisation",
    by_password: "Log ind med adgangskode",
    on_the_way: Said { title: "Et øjeblik", text: "Vi sender dig videre. Sker der ikke noget, så gå selv videre." },
    own_sign_in: Said {
        title: "Log først ind som dig selv",
        text: "Du kom ind gennem én organisation, og din konto hører også til andre. Log ud, og log så ind med din egen adgangskode eller adgangsnøgle for at se denne side.",
    },
    failed: Said {
        title: "Det lykkedes ikke at logge ind",
        text: "Din organisations login sendte et svar, som vi ikke kan godtage. Gå tilbage til appen, og prøv igen. Bliver det ved, så send oplysningerne herunder til it-afdelingen.",
    },
    turned_away: Said {
        title: "Du har ikke adgang endnu",
        text: "Din organisation kender dig, men ingen har givet dig adgang her. Spørg it-afdelingen eller klinikkens administrator.",
    },
    incomplete: Said {
        title: "Der mangler noget i din konto",
        text: "Din organisations login fortalte os ikke alt, hvad der skal til for at lukke dig ind. Send oplysningerne herunder til it-afdelingen.",
    },
    invited: Said {
        title: "Tjek din e-mail",
        text: "Vi har sendt dig en invitation. Åbn den for at forbinde din konto, og log så ind igen.",
    },
    taken: Said {
        title: "Du har allerede en konto her",
        text: "Log først ind med din egen adgangskode eller adgangsnøgle, og log så ind gennem din organisation for at forbinde de to.",
    },
};
