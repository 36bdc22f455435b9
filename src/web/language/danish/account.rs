//! The person's own pages, in Danish.

use crate::web::language::strings::account::{
    Account, CodesPage, Consents, Devices, Email, Enrolment, Invited, Keys, LanguageChoice, Memberships, Profile,
    Security, SetUp,
};

pub(super) const ACCOUNT: Account = Account {
    title: "Min konto",
    navigation: "Kontosider",
    overview: "Overblik",
    security: Security {
        title: "Login",
        lead: "Din adgangskode alene logger dig ind. En godkendelsesapp gør det mere sikkert.",
        lead_with_app: "Du logger ind med din adgangskode og en kode.",
        keys: Keys {
            title: "Adgangsnøgler",
            none: "Du har ingen endnu. En adgangsnøgle logger dig ind med din finger, dit ansigt eller en pinkode uden adgangskode; intet andet sted kan bede om den.",
            add: "Tilføj en adgangsnøgle",
            add_title: "Tilføj en adgangsnøgle",
            add_lead: "Browseren beder om din finger, dit ansigt eller en pinkode, eller om en sikkerhedsnøgle. En adgangsnøgle virker kun på dette sted, så ingen kan lokke den fra dig.",
            unsupported: "Denne browser kan ikke lave adgangsnøgler. Prøv en anden browser eller enhed.",
            failed: "Det lykkedes ikke, eller det tog for lang tid. Prøv igen.",
            known: "Enheden har allerede en adgangsnøgle til denne konto.",
            submit: "Tilføj adgangsnøgle",
            name: "Adgangsnøglens navn",
            default_name: "Adgangsnøgle",
            wrong: "Adgangsnøglen kunne ikke kontrolleres, eller siden har været åben for længe. Prøv igen.",
            unverified: "Din klinik beder om adgangsnøgler, der kontrollerer, hvem du er: med pinkode, finger eller ansigt. Sæt det op på nøglen, eller brug en anden.",
            other_model: "Din klinik tillader kun bestemte modeller af adgangsnøgler. Denne er ikke en af dem, eller den siger ikke, hvad den er.",
            closed: |ago| {
                format!(
                    "Lukket {ago}: dens tæller gik baglæns, så der kan findes en kopi af den. Den logger dig ikke længere ind. Fjern den, og tilføj en ny."
                )
            },
            was_added: "Adgangsnøglen er tilføjet.",
        },
        apps: "Godkendelsesapps",
        none: "Du har ingen endnu. En app på din telefon viser en ny kode hvert halve minut; den skriver du, når du logger ind.",
        added: |ago| format!("Tilføjet {ago}"),
        used: |ago| format!("sidst brugt {ago}"),
        add: "Tilføj en godkendelsesapp",
        too_many: "Du har så mange, som en konto må have. Fjern en først.",
        remove: "Fjern",
        remove_title: |name| format!("Fjern {name}?"),
        remove_lead: "Dens koder holder op med at virke. Dine andre apps og dine gendannelseskoder bliver.",
        remove_last_lead: "Det er din eneste: du logger derefter ind med adgangskoden alene, og dine gendannelseskoder holder op med at virke.",
        was_added: "Appen er tilføjet. Fra nu af bliver du bedt om en af dens koder.",
        was_removed: "Appen er fjernet.",
        codes: "Gendannelseskoder",
        codes_left: |count| match count {
            1 => "Der er én gendannelseskode tilbage.".to_owned(),
            count => format!("Der er {count} gendannelseskoder tilbage."),
        },
        make_codes: "Lav nye gendannelseskoder",
        make_codes_lead: "Gem dem, hvor du ville gemme en ekstra nøgle. De lukker dig ind, når appen er væk; nye træder i stedet for alle, du har.",
        enrolment: Enrolment {
            title: "Opret et ekstra trin",
            lead: "Din organisation kræver et ekstra trin, når du logger ind. Opret ét for at fortsætte.",
            lead_later: |date| {
                format!(
                    "Fra {date} kræver din organisation et ekstra trin, når du logger ind. Opret ét nu eller senere."
                )
            },
            lead_key: "Din organisation kræver en adgangsnøgle eller sikkerhedsnøgle, når du logger ind. Tilføj én for at fortsætte.",
            lead_key_later: |date| {
                format!(
                    "Fra {date} kræver din organisation en adgangsnøgle eller sikkerhedsnøgle, når du logger ind. Tilføj én nu eller senere."
                )
            },
            key: "En adgangsnøgle: din finger, dit ansigt, en pinkode eller en sikkerhedsnøgle, du sætter i.",
            app: "En app på din telefon, der viser en ny kode hvert halve minut.",
            none: "Der kan ikke oprettes noget på dette sted. Spørg din administrator.",
            later: "Senere",
        },
        remembered: "Huskede browsere",
        remembered_count: |count| match count {
            1 => "I én browser bliver du i en periode ikke bedt om det ekstra trin.".to_owned(),
            count => format!("I {count} browsere bliver du i en periode ikke bedt om det ekstra trin."),
        },
        ask_again: "Spørg igen overalt",
        asked_again: "Du bliver igen bedt om det ekstra trin overalt.",
        set_up: SetUp {
            title: "Tilføj en godkendelsesapp",
            scan: "Åbn appen på din telefon, og scan dette billede.",
            picture: "QR-kode til godkendelsesappen",
            open: "Er du på telefonen? Åbn den i appen",
            type_it: "Kan du ikke scanne den? Så skriv dette i appen:",
            confirm: "Skriv derefter den kode, som appen viser.",
            name: "Appens eller telefonens navn",
            name_hint: "Så du kan kende den igen.",
            default_name: "Telefon",
            code: "Kode",
            submit: "Tilføj app",
            wrong: "Det er ikke appens kode lige nu. Går telefonens ur rigtigt? Skriv den kode, der vises nu.",
            too_long: "Højst 60 tegn.",
        },
        codes_page: CodesPage {
            title: "Dine gendannelseskoder",
            lead: "Mister du telefonen, lukker hver af dem dig ind én gang. Skriv dem ud, eller gem dem i en adgangskodehusker.",
            once: "Du ser dem kun nu.",
            done: "Jeg har gemt dem",
        },
    },
    sessions: "Enheder",
    apps: "Apps",
    invitations: "Invitationer",
    sign_out: "Log ud",
    lock: "Lås",
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
