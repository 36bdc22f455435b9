//! Signing in, in Danish.

use crate::web::language::strings::{
    Said,
    authentication::{
        Asked, Authentication, Consent, Device, Invitation, NoAccess, OrganizationChoice, Passkey, Password, Phone,
        Reset, Scopes, SecondFactor, SentBy, SentCodes, SignIn, SignOut, Station, TakeBack, Terms,
    },
};

pub(super) const AUTHENTICATION: Authentication = Authentication {
    tagline: "Ét login til alt, du bruger på klinikken.",
    sign_in: SIGN_IN,
    second_factor: SecondFactor {
        title: "Ét trin mere",
        lead: "Åbn din godkendelsesapp, og skriv de seks cifre, den viser for dette sted.",
        lead_with_both: "Brug din adgangsnøgle, eller skriv de seks cifre, som din godkendelsesapp viser for dette sted.",
        lead_with_passkey: "Brug din adgangsnøgle: rør ved nøglen, eller lås din enhed op.",
        lead_key_wanted: "Din organisation kræver din adgangsnøgle eller sikkerhedsnøgle her: rør ved nøglen, eller lås enheden op.",
        lost_key: "Jeg har mistet den: tilføj en anden",
        use_passkey: "Brug adgangsnøglen i stedet",
        code: "Kode",
        submit: "Fortsæt",
        wrong: "Koden er forkert, udløbet eller brugt. Skriv den, der vises nu.",
        wrong_recovery: "Gendannelseskoden er forkert eller brugt. Prøv den næste på din liste.",
        use_recovery: "Det kan jeg ikke nu: brug en gendannelseskode",
        recovery_lead: "Skriv en af de gendannelseskoder, du gemte, da du satte dette trin op. Hver virker én gang.",
        recovery_code: "Gendannelseskode",
        no_codes: "Heller ingen koder? Klinikkens administrator kan fjerne dette trin.",
        remember: |days| match days {
            1 => "Spørg ikke igen på denne enhed i et døgn. Ikke på en delt computer.".to_owned(),
            days => format!("Spørg ikke igen på denne enhed i {days} dage. Ikke på en delt computer."),
        },
        use_app: "Brug godkendelsesappen i stedet",
    },
    sent: SentCodes {
        mail: SentBy {
            choose: "Send mig en kode via e-mail",
            before: |to| format!("Vi kan sende en kode på seks cifre til {to}."),
            sent: |to| {
                format!("Vi har sendt en kode på seks cifre til {to}. Den virker i ti minutter, i denne browser.")
            },
            title: "Koder via e-mail",
            none: "Du har ingen. Når du logger ind, kan en kode sendes til dig. En adgangsnøgle eller en app er sikrere: den, der læser din post, læser også koderne.",
            add: "Sæt koder via e-mail op",
            offer: "En kode, der sendes til dig hver gang.",
            was_added: "Koder via e-mail er sat op.",
        },
        text: SentBy {
            choose: "Send mig en kode som sms",
            before: |to| format!("Vi kan sende en kode på seks cifre til din telefon {to}."),
            sent: |to| {
                format!(
                    "Vi har sendt en kode på seks cifre til din telefon {to}. Den virker i ti minutter, i denne browser."
                )
            },
            title: "Koder som sms",
            none: "Du har ingen. Når du logger ind, kan en kode sendes til din telefon. En adgangsnøgle eller en app er sikrere: numre kan overtages.",
            add: "Sæt koder som sms op",
            offer: "En kode, der sendes til din telefon hver gang.",
            was_added: "Koder som sms er sat op.",
        },
        send: "Send koden",
        again: "Send en ny kode",
        wait: |wait| format!("En ny kode kan sendes om {wait}."),
        wrong: "Koden er forkert, udløbet eller brugt. Efter fem forsøg er en kode ugyldig: send en ny.",
        submit: "Fortsæt",
        mail_closed: "Koder via e-mail tæller ikke her: din adgangskode kom med et link i den samme postkasse, eller din adresse blev skiftet for dig. Log ind på en anden måde, og sæt dem op igen.",
        mail_not_now: "Din adgangskode blev valgt med et link i den samme postkasse for mindre end et døgn siden, så koder sendt dertil beviser ikke mere. Tilføj en app eller en adgangsnøgle, eller kom tilbage i morgen.",
        phone: Phone {
            lead: "Skriv nummeret på din mobiltelefon. Vi sender en kode dertil for at se, at det er dit.",
            number: "Mobiltelefon",
            hint: "Med landekode: +45 12 34 56 78",
            wrong: "Det er ikke et nummer med landekode. Skriv det som +45 12 34 56 78.",
            unreachable: "Der sendes ikke sms’er til numre i det land her. Brug et andet nummer eller en anden måde.",
            exhausted: "Der er sendt for mange sms’er inden for den sidste time. Brug en anden måde, eller prøv igen senere.",
            message: |code, site| format!("{code} er din kode til {site}. Ingen vil bede dig om den."),
        },
    },
    station: Station {
        title: "Gør denne browser til en fælles arbejdsstation?",
        lead: |name, organization| {
            format!(
                "“{name}” hos {organization}: her arbejder én person efter den anden. Den, der er væk et kort øjeblik, logges ud, og ingens konto huskes i browseren."
            )
        },
        away: Said {
            title: "Er du der stadig?",
            text: "Ingen har brugt arbejdsstationen et stykke tid, så siden blev lukket.",
        },
        go_on: "Fortsæt",
        submit: "Gør den til fælles arbejdsstation",
        here: |name, organization| format!("{name} · {organization}"),
        done: "Denne browser er nu en fælles arbejdsstation.",
    },
    passkey: Passkey {
        use_one: "Brug en adgangsnøgle",
        failed: "Det lykkedes ikke, eller det tog for lang tid. Prøv igen, eller log ind på en anden måde.",
        wrong: "Adgangsnøglen er ikke registreret her eller kunne ikke kontrolleres. Log ind på en anden måde.",
        closed: "Adgangsnøglen er lukket, fordi der kan findes en kopi af den. Log ind på en anden måde.",
        too_late: "Siden har været åben for længe. Prøv igen.",
        unsupported: "Denne browser kan ikke bruge adgangsnøgler. Brug en gendannelseskode eller en anden browser.",
    },
    take_back: TakeBack {
        title: "Få din konto tilbage",
        lead: "Har nogen sat en måde at logge ind på op, som ikke er din, eller ændret din e-mailadresse? Dette fjerner det, der er sat op siden vores brev, logger alle ud af din konto overalt og lader dig vælge en ny adgangskode.",
        submit: "Giv mig min konto tilbage",
    },
    organization: OrganizationChoice {
        title: "Hvor arbejder du nu?",
        lead: "Du er tilknyttet mere end én klinik. Vælg den, du vil arbejde i nu; du kan skifte senere.",
        lead_for: |app| {
            format!("Du er tilknyttet mere end én klinik. Vælg den, du vil bruge {app} for; du kan skifte senere.")
        },
        default: "Din standard",
        none: Said {
            title: "Du er ikke tilknyttet en klinik endnu",
            text: "Din konto virker, men ingen klinik har tilføjet dig, eller din tid der er slut. Bed klinikkens administrator om at invitere dig.",
        },
        other_person: "Log ind som en anden",
    },
    consent: CONSENT,
    password: PASSWORD,
    reset: Reset {
        title: "Glemt adgangskoden?",
        lead: "Fortæl os, hvem du er, så sender vi et link på e-mail, hvor du kan vælge en ny.",
        user_name: "Brugernavn eller e-mail",
        submit: "Send mig et link",
        back: "Tilbage til login",
        sent: Said {
            title: "Tjek din e-mail",
            text: "Hvis der findes en konto med en postkasse til det, du skrev, er et link på vej. Det virker én gang, i en time.",
        },
        sent_hint: "Er der ikke kommet noget efter et par minutter? Kig i mappen med uønsket post, eller tjek stavningen, og prøv igen.",
        no_mailbox: "Har du ikke din egen postkasse? Klinikkens administrator kan give dig en ny adgangskode.",
        choose: Said {
            title: "Vælg en ny adgangskode",
            text: "Når du gemmer den, bliver du logget ud alle andre steder.",
        },
        set: "Gem ny adgangskode",
    },
    terms: Terms {
        title: "Før du går videre",
        lead: "Læs og accepter disse tekster. Vi spørger kun igen, når de bliver ændret.",
        changed_lead: "Teksterne er ændret, siden du accepterede dem. Læs og accepter den nye version.",
        version: |version| format!("Version {version}"),
        new_window: "åbner i et nyt vindue",
        accept: "Jeg har læst og accepterer teksterne",
        accept_first: "Sæt kryds i feltet for at vise, at du accepterer teksterne.",
        submit: "Fortsæt",
        decline: "Accepter ikke, og log ud",
        terms: "Vilkår for brug",
        privacy: "Privatlivspolitik",
    },
    invitation: INVITATION,
    sign_out: SignOut {
        confirm_title: "Vil du logge ud?",
        confirm_lead: |name| {
            format!(
                "Du er logget ind som {name}. Når du logger ud, slutter det i alle de apps, du har åbnet med dit login."
            )
        },
        submit: "Log ud",
        stay: "Forbliv logget ind",
        done: Said {
            title: "Du er logget ud", text: "På en fælles computer bør du lukke browservinduet, før du går."
        },
        onward: "Fortsæt",
        again: "Log ind igen",
        back_to: |app| format!("Tilbage til {app}"),
    },
    no_access: NoAccess {
        title: |app| format!("Du kan ikke bruge {app} endnu"),
        lead: |app, organization| format!("Du er logget ind, men {organization} har ikke givet dig det, {app} kræver."),
        lead_without_organization: |app| {
            format!("Du er logget ind, men din klinik har ikke givet dig adgang til {app}.")
        },
        closed_title: |app| format!("Du kan ikke bruge {app} på dette tidspunkt"),
        closed: |organization| format!("Du er logget ind, men {organization} er lukket for dig på dette tidspunkt."),
        unusual_title: |app| format!("Du kan ikke bruge {app} med dette login"),
        unusual: |organization| {
            format!(
                "Dette login ser usædvanligt ud, så {organization} kræver en anden faktor, og det har du ikke. Log ind, hvor du plejer, og med det, du plejer."
            )
        },
        elsewhere_title: |app| format!("Du kan ikke bruge {app} herfra"),
        elsewhere: |organization| {
            format!("Du er logget ind, men {organization} lader dig ikke arbejde fra dette netværk.")
        },
        ask: "Disse personer kan give dig adgang:",
        ask_administrator: "Bed klinikkens administrator om at give dig adgang.",
        other_organization: "Vælg en anden klinik",
        back: "Tilbage til appen",
        needs: "Det mangler",
    },
    device: DEVICE,
    asked: ASKED,
};

const SIGN_IN: SignIn = SignIn {
    title: "Log ind",
    continue_to: |app| format!("for at fortsætte til {app}"),
    user_name: "Brugernavn eller e-mail",
    password: "Adgangskode",
    forgot: "Glemt adgangskoden?",
    submit: "Log ind",
    wrong: "Brugernavn og adgangskode passer ikke sammen. Tjek dem begge, og prøv igen.",
    throttled: |wait| format!("For mange forsøg. Prøv igen om {wait}."),
    full: "Du er logget ind på så mange enheder, som klinikken tillader. Log ud på en af dem, og prøv så igen.",
    again: Said { title: "Log ind igen", text: "Appen beder dig bekræfte, at det er dig." },
    again_unasked: "Vis endnu en gang, at det er dig, før du går videre.",
    password_changed: "Din nye adgangskode er gemt. Log ind med den nu.",
};

const DEVICE: Device = Device {
    title: "Tilslut en enhed",
    lead: "Skriv den kode, som enheden viser.",
    code: "Kode",
    code_hint: "Otte bogstaver, for eksempel BCDF-GHJK",
    submit: "Fortsæt",
    wrong: "Koden er ikke rigtig eller virker ikke længere. Tjek den, eller lad enheden vise en ny.",
    confirm_title: |app| format!("Vil du tilslutte {app}?"),
    confirm_lead: |organization| format!("Enheden kommer til at arbejde i dit navn for {organization}."),
    same_code: "Viser enheden denne kode?",
    warning: "Tillad det kun, hvis du står ved enheden. Har nogen sendt dig koden eller linket, skal du ikke tillade det.",
    allowed: Said { title: "Enheden er tilsluttet", text: "Den fortsætter af sig selv. Du kan lukke siden." },
    refused: Said { title: "Enheden er ikke tilsluttet", text: "Den får ingen adgang. Du kan lukke siden." },
};

const ASKED: Asked = Asked {
    title: "Anmodninger",
    lead: "Apps, der beder om din godkendelse lige nu.",
    none: "Intet venter på dig.",
    message: "Der, hvor du satte det i gang, bør du se:",
    warning: "Tillad kun det, du selv har sat i gang, og kun hvis beskeden er den, du ser der.",
    allowed: "Tilladt. Appen fortsætter af sig selv.",
    refused: "Ikke tilladt. Appen får ingen adgang.",
    gone: "Den anmodning er ikke længere åben.",
    account: "Tilbage til din konto",
};

const CONSENT: Consent = Consent {
    title: |app| format!("Må {app} bruge din konto?"),
    lead: |organization| format!("Du logger ind for {organization}."),
    stranger: "Ingen her har kontrolleret denne app: den hører til adressen ovenfor. Tillad den kun, hvis du kender adressen.",
    will: |app| format!("{app} får lov til at:"),
    allow: "Tillad",
    deny: "Tillad ikke",
    withdraw_later: "Du kan altid trække det tilbage under “Apps” på din konto.",
    scopes: Scopes {
        openid: "Vide, at det er dig",
        profile: "Se dit navn og din profil",
        email: "Se din e-mailadresse",
        address: "Se din postadresse",
        phone: "Se dit telefonnummer",
        offline_access: "Forblive forbundet, mens du er væk",
        organization: "Se, hvilken klinik du arbejder i",
        roles: "Se dine roller i klinikken",
        groups: "Se dine grupper i klinikken",
        locations: "Se de steder, du arbejder",
        entitlements: "Se, hvad du har lov til i den",
        identifiers: "Se dine og dine steders id-numre, for eksempel ydernumre",
        practitioner: "Se din profession og din autorisation i denne klinik",
        own_profile: "Se din profil i klinikken og ændre det, du må ændre i den",
        other: |scope| format!("Bruge “{scope}”"),
    },
};

const PASSWORD: Password = Password {
    title: "Skift adgangskode",
    lead: "Du forbliver logget ind her og bliver logget ud alle andre steder.",
    forced_title: "Vælg din egen adgangskode",
    forced_lead: "Den adgangskode, du loggede ind med, var midlertidig. Vælg en, som kun du kender.",
    expired_lead: "Din adgangskode er ældre, end din organisation tillader. Vælg en ny for at fortsætte.",
    current: "Nuværende adgangskode",
    new: "Ny adgangskode",
    repeat: "Ny adgangskode, én gang til",
    rules: |least| format!("Mindst {least} tegn. Nogle få ord uden sammenhæng er nemme at huske og svære at gætte."),
    submit: "Gem ny adgangskode",
    changed: "Din adgangskode er skiftet.",
    wrong_current: "Det er ikke din nuværende adgangskode.",
    too_short: |least| format!("Den er for kort: brug mindst {least} tegn."),
    too_long: "Den er for lang: brug højst 1.024 bytes.",
    former: "Den adgangskode har du brugt før. Vælg en anden.",
    too_common: "Adgangskoden er kendt fra datalæk eller nem at gætte. Vælg en anden.",
    kinds: |least| format!("Brug mindst {least} af: store bogstaver, små bogstaver, tal, tegn."),
    weak: "Adgangskoden er for nem at gætte. Tilføj et ord eller to; sjældne ord er bedre.",
    weak_why: [
        "Rækker af taster er nemme at gætte.",
        "Gentagelser er nemme at gætte.",
        "Mange bruger en lignende.",
        "Rækkefølger som abc eller 6543 er nemme at gætte.",
        "Årstal og datoer er nemme at gætte.",
        "Et enkelt ord er nemt at gætte.",
        "Navne er nemme at gætte.",
    ],
    weak_tricks: [
        "Store bogstaver hjælper ikke meget.",
        "Ord stavet bagfra hjælper ikke meget.",
        "At bytte tegn, som @ for a, hjælper ikke meget.",
    ],
    about_you: "Adgangskoden indeholder dit eller klinikkens navn. Vælg en anden.",
    same: "Det er den adgangskode, du har nu. Vælg en anden.",
    differ: "De to nye adgangskoder er ikke ens.",
};

const INVITATION: Invitation = Invitation {
    title: |organization| format!("Bliv en del af {organization}"),
    invited_by: |name| format!("{name} har inviteret dig."),
    offered: "Det bliver du tilbudt",
    everywhere: "alle steder",
    expires: |date| format!("Invitationen gælder til {date}."),
    accept: "Accepter invitationen",
    reject: "Afslå",
    as_person: |name| format!("Du er logget ind som {name}."),
    other_person: "Er det ikke dig? Log ind som en anden",
    new_lead: "Skriv dit navn, og vælg en adgangskode, så er din konto klar.",
    name: "Dit fulde navn",
    email: "Din e-mail",
    create: "Accepter, og opret min konto",
    have_account: Said {
        title: "Du har allerede en konto",
        text: "Log ind med den for at acceptere eller afslå. Du beholder ét login til alle dine klinikker.",
    },
    sign_in_to_accept: "Log ind for at svare",
    rejected: Said {
        title: "Invitationen er afslået",
        text: "Du er ikke blevet tilføjet nogen steder. Fortryder du, så bed om en ny invitation.",
    },
    wrong_person: Said {
        title: "Invitationen er til en anden",
        text: "Den blev sendt til en anden adresse end den, der hører til kontoen, du er logget ind med.",
    },
};
