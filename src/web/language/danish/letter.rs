//! Mails in Danish.

use crate::web::language::strings::letter::{
    Changed, Code, Factors, Invitation, Letters, Locked, NewDevice, Recovery, Required, Reset, Suspicions, Undo,
    Verification, Waiting, Welcome, Word,
};

pub(super) const LETTERS: Letters = Letters {
    greeting: |name| format!("Hej {name}"),
    greeting_nameless: "Hej",
    link_hint: "Virker knappen ikke, så kopiér denne adresse ind i din browser:",
    closing: "Denne besked er sendt automatisk; svar bliver ikke læst.",
    why: |site| format!("Du får denne e-mail på grund af din konto på {site}."),
    why_invited: |site| format!("Du får denne e-mail, fordi nogen har inviteret denne adresse på {site}."),
    invitation: Invitation {
        subject: |organization| format!("{organization} inviterer dig"),
        lead: |name, organization| format!("{name} inviterer dig til at blive en del af {organization}."),
        lead_nameless: |organization| format!("Du er inviteret til at blive en del af {organization}."),
        new_person: "Åbn invitationen, og se, hvad du bliver tilbudt. Siger du ja, skriver du dit navn og vælger en adgangskode der, og så er du klar til at logge ind.",
        existing: "Du har allerede en konto, og den beholder du: log ind med den for at acceptere eller afslå.",
        button: "Åbn invitationen",
        expires: |date| format!("Invitationen gælder til {date}."),
        ignore: "Vil du ikke være med, eller ventede du ikke denne e-mail? Så afslå, eller lad den ligge: uden dit svar sker der intet.",
    },
    reset: Reset {
        subject: "Vælg en ny adgangskode",
        lead: "Nogen, forhåbentlig dig, har bedt om en ny adgangskode til din konto.",
        button: "Vælg ny adgangskode",
        expires: "Linket virker én gang, i en time.",
        ignore: "Var det ikke dig? Så behøver du ikke gøre noget: din adgangskode er den samme.",
    },
    verification: Verification {
        subject: "Bekræft din e-mailadresse",
        lead: |email| format!("Bekræft, at {email} er din, så bliver den adressen på din konto."),
        button: "Bekræft adressen",
        expires: "Linket virker én gang, i en time.",
        ignore: "Har du ikke bedt om det? Så lad være med at åbne linket, og intet ændres.",
    },
    password_changed: Changed {
        subject: "Din adgangskode er skiftet",
        lead: |date| format!("Adgangskoden til din konto blev skiftet den {date}."),
        effect: "Du er logget ud på alle andre enheder.",
        not_you: "Var det ikke dig? Vælg straks en ny adgangskode, og sig det til klinikkens administrator.",
        button: "Vælg ny adgangskode",
    },
    email_changed: Changed {
        subject: "Din e-mailadresse er skiftet",
        lead: |date| {
            format!(
                "E-mailadressen til din konto blev skiftet den {date}. Dette er den sidste besked til den tidligere adresse."
            )
        },
        effect: "Fra nu af logger du ind med den nye adresse.",
        not_you: "Var det ikke dig? Sig det straks til klinikkens administrator.",
        button: "Åbn min konto",
    },
    welcome: Welcome {
        subject: |organization| format!("Velkommen til {organization}"),
        lead: |organization| format!("Du er nu en del af {organization}, og din konto er klar."),
        next: "På din kontoside ser du din rolle hvert sted, hvor du er logget ind, og hvilke apps der må bruge din konto.",
        button: "Åbn min konto",
    },
    request: Waiting {
        subject: "En anmodning venter på dig",
        lead: "En app beder om din godkendelse. På din konto ser du hvilken og hvorfor, og du tager stilling.",
        button: "Se anmodningen",
        expires: "Den venter kun få minutter. Du kan også selv åbne din konto, uden denne knap.",
        not_you: "Har du ikke sat noget i gang? Så tillad det ikke, og sig det til klinikkens administrator.",
    },
    factors: Factors {
        added: Word {
            subject: "Der er tilføjet en godkendelsesapp",
            lead: |date| format!("Den {date} blev der tilføjet en godkendelsesapp til din konto."),
            effect: "Fra nu af bliver du bedt om en af dens koder, når du logger ind.",
        },
        removed: Word {
            subject: "En godkendelsesapp er fjernet",
            lead: |date| format!("Den {date} blev en godkendelsesapp fjernet fra din konto."),
            effect: "Dens koder virker ikke længere.",
        },
        passkey_added: Word {
            subject: "Der er tilføjet en adgangsnøgle",
            lead: |date| format!("Den {date} blev der tilføjet en adgangsnøgle til din konto."),
            effect: "Fra nu af logger den dig ind, eller du bliver bedt om den efter adgangskoden.",
        },
        passkey_removed: Word {
            subject: "En adgangsnøgle er fjernet",
            lead: |date| format!("Den {date} blev en adgangsnøgle fjernet fra din konto."),
            effect: "Den logger dig ikke længere ind.",
        },
        passkey_closed: Word {
            subject: "En adgangsnøgle er lukket",
            lead: |date| {
                format!(
                    "Den {date} blev en adgangsnøgle til din konto lukket: dens tæller gik baglæns, så der kan findes en kopi af den."
                )
            },
            effect: "Den logger ingen ind længere, og du er logget ud overalt. Log ind med en anden adgangsnøgle, en app eller en gendannelseskode, fjern den lukkede, og sæt en ny op.",
        },
        mail_added: Word {
            subject: "Koder via e-mail er sat op",
            lead: |date| format!("Den {date} blev koder via e-mail sat op for din konto."),
            effect: "Fra nu af kan du få en kode sendt til denne adresse, når du logger ind.",
        },
        mail_removed: Word {
            subject: "Koder via e-mail er fjernet",
            lead: |date| format!("Den {date} blev koder via e-mail fjernet fra din konto."),
            effect: "Du får ikke flere koder via e-mail.",
        },
        text_added: Word {
            subject: "Koder som sms er sat op",
            lead: |date| format!("Den {date} blev koder som sms sat op for din konto."),
            effect: "Fra nu af kan du få en kode sendt til din telefon, når du logger ind.",
        },
        text_removed: Word {
            subject: "Koder som sms er fjernet",
            lead: |date| format!("Den {date} blev koder som sms fjernet fra din konto."),
            effect: "Der sendes ikke flere koder til din telefon.",
        },
        last_removed: Word {
            subject: "En godkendelsesapp er fjernet",
            lead: |date| format!("Den {date} blev den sidste godkendelsesapp fjernet fra din konto."),
            effect: "Fra nu af logger din adgangskode dig ind alene, og gendannelseskoderne virker ikke længere.",
        },
        reset: Word {
            subject: "Dine ekstra faktorer er fjernet",
            lead: |date| format!("Den {date} blev alle godkendelsesapps og gendannelseskoder fjernet fra din konto."),
            effect: "Indtil du sætter en op igen, logger du ind med adgangskoden alene.",
        },
        taken_back: Word {
            subject: "Du har fået din konto tilbage",
            lead: |date| {
                format!(
                    "Den {date} blev din konto taget tilbage med linket i vores brev: det, der siden er sat op, er fjernet."
                )
            },
            effect: "Du er logget ud overalt, og din tidligere adgangskode logger ingen ind længere. Har du ikke valgt en ny endnu, så gør det nu.",
        },
        undo: Undo {
            lead: "Var det ikke dig? Så kender nogen din adgangskode. Knappen fjerner det, de har sat op, logger dem ud overalt og lader dig vælge en ny adgangskode.",
            button: "Det var ikke mig: giv mig min konto tilbage",
            expires: "Knappen virker i 72 timer og én gang. Hvis det var dig, skal du ikke gøre noget.",
        },
        codes_made: Word {
            subject: "Du har fået nye gendannelseskoder",
            lead: |date| format!("Den {date} blev der lavet nye gendannelseskoder til din konto."),
            effect: "Alle tidligere virker ikke længere.",
        },
        code_used: Word {
            subject: "En gendannelseskode er brugt",
            lead: |date| format!("Den {date} loggede nogen ind på din konto med en af dine gendannelseskoder."),
            effect: "Koden virker ikke længere. Lav nye, før den sidste er brugt.",
        },
        codes_guessed: Word {
            subject: "Nogen kender din adgangskode",
            lead: |date| {
                format!(
                    "{date} blev der flere gange tastet forkerte koder efter den rigtige adgangskode til din konto."
                )
            },
            effect: "Ingen kom ind. Hvis du ikke selv tastede forkert, kender nogen din adgangskode: vælg en anden.",
        },
        not_you: "Var det ikke dig? Vælg straks en ny adgangskode, og sig det til klinikkens administrator.",
        button: "Se, hvordan jeg logger ind",
    },
    required: Required {
        subject: "Et andet trin, når du logger ind",
        lead: |organization| {
            format!("{organization} beder dig om et andet trin, når du logger ind, ud over din adgangskode.")
        },
        lead_key: |organization| {
            format!("{organization} beder dig om at logge ind med en adgangsnøgle eller en sikkerhedsnøgle.")
        },
        at_once: "Det gælder fra nu af. Hvor du er logget ind uden det, bliver du snart logget ud; næste gang du logger ind, sætter du det op på få minutter.",
        from: |date| {
            format!(
                "Det gælder fra {date}. Indtil da bliver du mindet om det, hver gang du logger ind, og kan udskyde det."
            )
        },
        ready: "Logger du allerede ind sådan, er der ikke noget at gøre.",
        button: "Se, hvordan jeg logger ind",
        lifted_subject: "Du bliver ikke længere bedt om et andet trin",
        lifted_lead: |organization| {
            format!("{organization} beder ikke længere netop dig om et andet trin, når du logger ind.")
        },
        lifted_effect: "Regler for alle eller for din rolle kan stadig kræve et. Det, du har sat op, består, og du bliver stadig bedt om det.",
    },
    locked: Locked {
        subject: "Din konto er låst for nye enheder",
        lead: "Nogen har for mange gange forsøgt forgæves at logge ind på din konto, så ingen kan logge ind på en ny enhed lige nu.",
        until: |date| format!("Låsen ophører af sig selv: {date}."),
        lasting: "Låsen varer, indtil klinikkens administrator ophæver den.",
        known: "Hvor du er logget ind, forbliver du logget ind; i browsere, du har brugt før, kan du stadig logge ind.",
        not_you: "Hvis det ikke var dig, er ingen kommet ind. Var det dig, og har du glemt din adgangskode? Vælg en ny.",
        button: "Vælg ny adgangskode",
    },
    new_device: NewDevice {
        subject: "Nyt login på din konto",
        lead: "Nogen loggede ind på din konto på en enhed, som du ikke har brugt før.",
        facts: |device, address, date| format!("{device}, fra {address}, {date}."),
        yours: "Hvis det var dig, er der ikke noget at gøre.",
        not_you: "Var det ikke dig? Log enheden ud, vælg straks en ny adgangskode, og sig det til klinikkens administrator.",
        button: "Se mine enheder",
    },
    code: Code {
        subject: "Din kode",
        lead: |code| format!("Din kode er {code}"),
        expires: "Den virker én gang, i ti minutter, i den browser, der bad om den.",
        facts: |device, from, date| format!("Bedt om på {device}, fra {from}, {date}."),
        never: "Skriv den på login-siden og ingen andre steder. Ingen fra it-afdelingen, klinikken eller en helpdesk vil nogensinde bede dig om den.",
        not_you: "Var det ikke dig? Så kender nogen din adgangskode. Ingen kommer ind uden denne kode, men vælg en anden adgangskode nu.",
        button: "Skift min adgangskode",
    },
    suspicion: Suspicions {
        unexpected: "Et uventet login",
        failing: "Nogen gætter måske adgangskoder",
        country: |name, country| {
            format!("{name} loggede ind fra et land, hvor vedkommende aldrig har logget ind før: {country}.")
        },
        travel: |name, former, country| {
            let way = if former == country { country.to_owned() } else { format!("{former}, {country}") };
            format!("{name} loggede ind fra to steder ({way}) hurtigere, end nogen kan rejse mellem dem.")
        },
        device: |name| format!("{name} loggede ind på en enhed, som vedkommende ikke har brugt før."),
        theft: |name| {
            format!(
                "En session for {name} blev brugt med en kopieret cookie, to steder på én gang. Den blev afsluttet for begge."
            )
        },
        failures: |name, times| format!("Nogen har {times} gange forgæves forsøgt at logge ind som {name}."),
        spraying: |times| {
            format!("Nogen har forgæves forsøgt at logge ind på {times} eller flere konti, den ene efter den anden.")
        },
        facts: |address, date| format!("Det kom fra {address}, {date}."),
        on_host: |date| format!("Det skete på serverens vært, {date}."),
        ask: "Spørg personen, om det var vedkommende selv. Hvis ikke, så deaktivér straks kontoen: det afslutter alle sessioner.",
        nobody_in: "Ingen er kommet ind på den måde. Forsøg bremses af sig selv; revisionsloggen har dem alle.",
        emergency: "En nødkonto er brugt",
        emergency_lead: |account, organization| {
            format!("Nødkontoen {account} hos {organization} er brugt til at logge ind.")
        },
        emergency_next: "Hvis det ikke var en af jer, så fjern den straks: `lanyard emergency remove`. Sessionen slutter efter fire timer; derefter logger den ikke ind igen, før den er fornyet.",
        emergency_made: "En nødkonto er oprettet",
        emergency_made_lead: |account, organization| {
            format!(
                "Nødkontoen {account} hos {organization} er oprettet. Den, der har dens link, registrerer inden for 24 timer en sikkerhedsnøgle, som logger den ind én gang som ejer."
            )
        },
        emergency_rotated: "En nødkonto har fået et nyt link",
        emergency_rotated_lead: |account, organization| {
            format!(
                "Nødkontoen {account} hos {organization} har fået et nyt link. Den hidtidige nøgle logger ikke nogen ind mere; den, der har linket, registrerer en ny inden for 24 timer."
            )
        },
        emergency_link_next: "Hvis ingen af jer kender til det, så fjern straks kontoen: `lanyard emergency remove`.",
        emergency_key: "En nødkonto har fået en nøgle",
        emergency_key_lead: |account, organization| {
            format!(
                "Nødkontoen {account} hos {organization} er sat op med en sikkerhedsnøgle, som logger den ind én gang som ejer."
            )
        },
        emergency_key_next: "Hvis det ikke var en af jer, så fjern den straks: `lanyard emergency remove`. Den, der har nøglen, kan bruge den.",
        emergency_removed: "En nødkonto er fjernet",
        emergency_removed_lead: |account, organization| {
            format!("Nødkontoen {account} hos {organization} er fjernet. Dens nøgle logger ikke nogen ind mere.")
        },
        emergency_removed_next: "Hvis ingen af jer kender til det, så find ud af, hvem der gjorde det: `lanyard audit list`. En ny oprettes med `lanyard emergency create`.",
        once: "I en time får du ikke flere beskeder om det samme.",
        button: "Åbn min konto",
    },
    recovery: Recovery {
        asked_subject: "Nogen beder om at lukke dig ind uden dit andet trin",
        asked_lead: |organization| {
            format!(
                "{organization}: En administrator siger, at du har mistet alle måder at tage det andet trin i dit login på."
            )
        },
        asked_next: "Hvis en anden administrator siger ja, får du et link, så du kan logge ind én gang med adgangskoden alene og sætte et nyt andet trin op.",
        asked_stop: "Har du ikke mistet noget, eller har du ikke bedt om det? Stop det: Det tager ét klik.",
        stop: "Stop det",
        open_until: |date| {
            format!("Anmodningen står åben til {date}. Har du selv bedt om den, skal du ikke gøre noget nu.")
        },
        agreed_subject: "Log ind én gang uden dit andet trin",
        agreed_lead: "Det er godkendt, at du logger ind én gang med din adgangskode alene.",
        agreed_effect: "Med dette link og din adgangskode fjerner du dine hidtidige andre trin og gendannelseskoder. Du bliver logget ud alle andre steder.",
        agreed_button: "Fortsæt med min adgangskode",
        agreed_expires: "Linket virker én gang, i 24 timer og kun sammen med din adgangskode.",
        agreed_not_you: "Har du ikke bedt om det? Stop det på siden bag linket, og sig det til klinikkens administrator.",
        shown_lead: "Linket, som du logger ind med én gang med din adgangskode alene, blev vist til en person med adgang til serveren.",
        shown_effect: "Har du ikke bedt om det? Skift din adgangskode nu, og sig det til dem, der driver serveren: Uden din adgangskode er linket intet værd.",
        ended_subject: "Ingen lukkes ind uden dit andet trin",
        ended_lead: "Anmodningen om at lukke dig ind uden dit andet trin er afsluttet.",
        ended_effect: "Linkene virker ikke længere, og der er ikke ændret noget ved dit login.",
        account: "Åbn min konto",
        delayed_lead: |name| {
            format!(
                "Nogen med adgang til serveren har bedt om, at {name} lukkes ind uden andet trin, fordi de har mistet dem alle."
            )
        },
        delayed_at: |date| {
            format!(
                "Hvis det ikke bliver stoppet, sendes der et link til personen {date}: Det virker én gang, sammen med adgangskoden."
            )
        },
        delayed_stop: "Er det forkert, eller kender du ikke noget til det? Stop det: Det tager ét klik.",
        news_subject: |name| format!("Mistet andet trin: {name}"),
        news_asked: |name| {
            format!("Nogen har bedt om, at {name} lukkes ind uden andet trin, fordi de har mistet dem alle.")
        },
        news_asked_next: "Det kræver, at en administrator mere siger ja. Tal først med personen ansigt til ansigt eller på et nummer, du kendte i forvejen.",
        news_agreed: |name| {
            format!("Det er godkendt, at {name} lukkes ind én gang uden andet trin; linket er på vej til dem.")
        },
        news_ended: |name| {
            format!("Anmodningen om at lukke {name} ind uden andet trin er afsluttet, og ingen kommer ind med den.")
        },
        news_used: |name| format!("{name} har fjernet alle andre trin med linket og adgangskoden."),
        news_next: "Undrer det dig, så spørg personen, og se i revisionsloggen.",
        news_button: "Se, hvad der venter",
    },
};
