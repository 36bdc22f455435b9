//! The person's own pages, in Danish.

use crate::web::language::strings::account::{
    Account, Consents, Devices, Email, Invited, LanguageChoice, Memberships, Profile,
};

pub(super) const ACCOUNT: Account = Account {
    title: "Min konto",
    navigation: "Kontosider",
    overview: "Overblik",
    sessions: "Enheder",
    apps: "Apps",
    invitations: "Invitationer",
    sign_out: "Log ud",
    profile: Profile {
        greeting: |name| format!("Hej, {name}"),
        title: "Om dig",
        name: "Fulde navn",
        name_hint: "Sådan som kolleger og apps ser det.",
        change_name: "Ret navn",
        managed: "Klinikken holder det opdateret. Bed dens administrator om at ændre det.",
        kept: |source| format!("Vedligeholdes af {source}, som klinikken har tilknyttet. Få det ændret dér."),
        user_name: "Brugernavn",
        email: "E-mail",
        unverified: "endnu ikke bekræftet",
        change_email: "Skift e-mail",
        password: "Adgangskode",
        password_age: |ago| format!("Skiftet {ago}"),
        change_password: "Skift adgangskode",
        change_language: "Skift sprog",
    },
    memberships: Memberships {
        title: "Dine klinikker",
        lead: "Hvor du hører til, og dit niveau hvert sted.",
        level: "Dit niveau",
        no_role: "Du har ingen rolle her endnu. Bed klinikkens administrator om en.",
        everywhere: "alle steder",
        groups: "Grupper",
        is_default: "Din standard",
        make_default: "Gør til standard",
        default_changed: |organization| format!("{organization} er nu din standard."),
        none: "Du er ikke tilknyttet en klinik i øjeblikket.",
    },
    devices: Devices {
        lead: "Browsere og enheder, der er logget ind på din konto. Log dem ud, du ikke kender, og skift derefter adgangskode.",
        this: "Denne enhed",
        unknown: "Ukendt enhed",
        signed_in: |when| format!("Logget ind {when}"),
        last_used: |when| format!("Sidst brugt {when}"),
        address: |address| format!("Fra {address}"),
        sign_out: "Log ud",
        sign_out_others: "Log ud alle andre steder",
        sign_out_everywhere: "Log ud alle steder",
        ended: "Logget ud.",
        past: "Logget ud for nylig",
        past_lead: "Apps, du brugte der, bliver også logget ud.",
        signed_out: |when| format!("Logget ud {when}"),
        app_out: |app, organization| format!("{app}, {organization}: logget ud"),
        app_waits: |app, organization| format!("{app}, {organization}: bliver logget ud"),
        app_failed: |app, organization| {
            format!("{app}, {organization}: kunne ikke nås. Du er måske stadig logget ind der; log ud i selve appen.")
        },
    },
    consents: Consents {
        lead: "Apps, du har givet lov til at bruge din konto. Klinikkens egne apps behøver ikke spørge og står ikke her.",
        none: "Du har ikke givet nogen app lov endnu.",
        since: |when| format!("Tilladt {when}"),
        withdraw: "Træk tilbage",
        withdrawn: |app| format!("{app} kan ikke længere bruge din konto."),
    },
    invited: Invited {
        lead: "Klinikker, der gerne vil have dig med. Du bestemmer; ingen bliver tilføjet uden selv at sige ja.",
        none: "Ingen invitationer venter på dig.",
        accepted: |organization| format!("Velkommen til {organization}."),
        rejected: |organization| format!("Du har afslået invitationen fra {organization}."),
    },
    email: Email {
        title: "Skift e-mail",
        lead: |email| {
            format!("Din e-mail er {email}. Vi sender et link til den nye adresse; intet ændres, før du åbner det.")
        },
        new: "Ny e-mail",
        submit: "Send bekræftelseslink",
        sent: |email| format!("Vi har sendt et link til {email}. Åbn det inden for en time for at bekræfte."),
        changed: "Din nye e-mail er bekræftet.",
        taken: "Den adresse kan ikke bruges. Vælg en anden.",
    },
    language: LanguageChoice { title: "Sprog", lead: "Til disse sider og til de e-mails, vi sender dig." },
};
