//! Mails in Spanish.

use crate::web::language::strings::letter::{
    Changed, Code, Factors, Invitation, Letters, Locked, NewDevice, Recovery, Required, Reset, Suspicions, Undo,
    Verification, Waiting, Welcome, Word,
};

pub(super) const LETTERS: Letters = Letters {
    greeting: |name| format!("Hola, {name}:"),
    greeting_nameless: "Hola:",
    link_hint: "Si el botón no funciona, copie esta dirección en su navegador:",
    closing: "Este mensaje se envió automáticamente; las respuestas no se leen.",
    why: |site| format!("Recibe este correo por su cuenta en {site}."),
    why_invited: |site| format!("Recibe este correo porque alguien ha invitado a esta dirección en {site}."),
    invitation: Invitation {
        subject: |organization| format!("{organization} le invita a unirse"),
        lead: |name, organization| format!("{name} le invita a unirse a {organization}."),
        lead_nameless: |organization| format!("Tiene una invitación para unirse a {organization}."),
        new_person: "Abra la invitación para ver qué se le ofrece. Si acepta, allí escribirá su nombre y elegirá una contraseña, y ya podrá entrar.",
        existing: "Ya tiene una cuenta y la conserva: entre con ella para aceptar o rechazar.",
        button: "Abrir la invitación",
        expires: |date| format!("La invitación está abierta hasta el {date}."),
        ignore: "¿No quiere unirse o no esperaba este correo? Rechácela o déjela: sin su respuesta no ocurre nada.",
    },
    reset: Reset {
        subject: "Elija una contraseña nueva",
        lead: "Alguien, esperamos que usted, ha pedido una contraseña nueva para su cuenta.",
        button: "Elegir contraseña nueva",
        expires: "El enlace sirve una sola vez, durante una hora.",
        ignore: "¿No fue usted? No tiene que hacer nada: su contraseña sigue igual.",
    },
    verification: Verification {
        subject: "Confirme su correo electrónico",
        lead: |email| format!("Confirme que {email} es suyo y será la dirección de su cuenta."),
        button: "Confirmar la dirección",
        expires: "El enlace sirve una sola vez, durante una hora.",
        ignore: "¿No lo ha pedido usted? No abra el enlace y nada cambiará.",
    },
    password_changed: Changed {
        subject: "Su contraseña ha cambiado",
        lead: |date| format!("La contraseña de su cuenta se cambió el {date}."),
        effect: "Se ha cerrado su sesión en todos los demás dispositivos.",
        not_you: "¿No fue usted? Elija enseguida una contraseña nueva y avise al administrador de su clínica.",
        button: "Elegir contraseña nueva",
    },
    email_changed: Changed {
        subject: "Su dirección de correo ha cambiado",
        lead: |date| {
            format!(
                "La dirección de correo de su cuenta se cambió el {date}. Este es el último mensaje a la dirección anterior."
            )
        },
        effect: "A partir de ahora, inicia sesión con la dirección nueva.",
        not_you: "¿No fue usted? Avise enseguida al administrador de su clínica.",
        button: "Abrir mi cuenta",
    },
    welcome: Welcome {
        subject: |organization| format!("Le damos la bienvenida a {organization}"),
        lead: |organization| format!("Ya forma parte de {organization}, y su cuenta está lista."),
        next: "En la página de su cuenta ve su función en cada centro, dónde tiene sesión abierta y qué aplicaciones pueden usar su cuenta.",
        button: "Abrir mi cuenta",
    },
    request: Waiting {
        subject: "Hay una solicitud pendiente",
        lead: "Una aplicación pide su aprobación. En su cuenta ve cuál y para qué, y decide.",
        button: "Ver la solicitud",
        expires: "Solo espera unos minutos. También puede abrir su cuenta usted mismo, sin este botón.",
        not_you: "¿No ha iniciado nada? Entonces no lo permita, y avise al administrador de su clínica.",
    },
    factors: Factors {
        added: Word {
            subject: "Se ha añadido una aplicación de autenticación",
            lead: |date| format!("El {date} se añadió una aplicación de autenticación a su cuenta."),
            effect: "A partir de ahora se le pedirá uno de sus códigos al entrar.",
        },
        removed: Word {
            subject: "Se ha quitado una aplicación de autenticación",
            lead: |date| format!("El {date} se quitó una aplicación de autenticación de su cuenta."),
            effect: "Sus códigos ya no sirven.",
        },
        passkey_added: Word {
            subject: "Se ha añadido una llave de acceso",
            lead: |date| format!("El {date} se añadió una llave de acceso a su cuenta."),
            effect: "A partir de ahora podrá entrar con ella, o se le pedirá después de la contraseña.",
        },
        passkey_removed: Word {
            subject: "Se ha quitado una llave de acceso",
            lead: |date| format!("El {date} se quitó una llave de acceso de su cuenta."),
            effect: "Ya no sirve para entrar.",
        },
        passkey_closed: Word {
            subject: "Se ha cerrado una llave de acceso",
            lead: |date| {
                format!(
                    "El {date} se cerró una llave de acceso de su cuenta: su contador retrocedió, así que puede haber una copia."
                )
            },
            effect: "Ya no deja entrar a nadie, y su sesión se ha cerrado en todas partes. Entre con otra llave de acceso, una aplicación o un código de recuperación, quite la cerrada y configure una nueva.",
        },
        mail_added: Word {
            subject: "Se han configurado los códigos por correo",
            lead: |date| format!("El {date} se configuraron los códigos por correo en su cuenta."),
            effect: "A partir de ahora puede recibir un código en esta dirección al iniciar sesión.",
        },
        mail_removed: Word {
            subject: "Se han quitado los códigos por correo",
            lead: |date| format!("El {date} se quitaron los códigos por correo de su cuenta."),
            effect: "Ya no se le envían códigos por correo.",
        },
        text_added: Word {
            subject: "Se han configurado los códigos por SMS",
            lead: |date| format!("El {date} se configuraron los códigos por SMS en su cuenta."),
            effect: "A partir de ahora puede recibir un código en su teléfono al iniciar sesión.",
        },
        text_removed: Word {
            subject: "Se han quitado los códigos por SMS",
            lead: |date| format!("El {date} se quitaron los códigos por SMS de su cuenta."),
            effect: "Ya no se envían códigos a su teléfono.",
        },
        last_removed: Word {
            subject: "Se ha quitado una aplicación de autenticación",
            lead: |date| format!("El {date} se quitó de su cuenta la última aplicación de autenticación."),
            effect: "A partir de ahora basta su contraseña para entrar, y los códigos de recuperación ya no sirven.",
        },
        reset: Word {
            subject: "Se han quitado sus segundos factores",
            lead: |date| {
                format!(
                    "El {date} se quitaron todas las aplicaciones de autenticación y los códigos de recuperación de su cuenta."
                )
            },
            effect: "Hasta que configure otra, entrará solo con la contraseña.",
        },
        taken_back: Word {
            subject: "Ha recuperado su cuenta",
            lead: |date| {
                format!(
                    "El {date} se recuperó su cuenta con el enlace de nuestra carta: se ha quitado lo que se configuró desde entonces."
                )
            },
            effect: "Su sesión se ha cerrado en todas partes, y su contraseña anterior ya no sirve. Si aún no ha elegido otra, hágalo ahora.",
        },
        undo: Undo {
            lead: "¿No ha sido usted? Entonces alguien conoce su contraseña. Este botón quita lo que ha configurado, cierra sus sesiones en todas partes y le permite elegir otra contraseña.",
            button: "No he sido yo: recuperar mi cuenta",
            expires: "El botón sirve durante 72 horas y una sola vez. Si ha sido usted, no tiene que hacer nada.",
        },
        codes_made: Word {
            subject: "Tiene nuevos códigos de recuperación",
            lead: |date| format!("El {date} se crearon nuevos códigos de recuperación para su cuenta."),
            effect: "Los anteriores ya no sirven.",
        },
        code_used: Word {
            subject: "Se ha usado un código de recuperación",
            lead: |date| format!("El {date} alguien entró en su cuenta con uno de sus códigos de recuperación."),
            effect: "Ese código ya no sirve. Cree otros nuevos antes de usar el último.",
        },
        codes_guessed: Word {
            subject: "Alguien conoce su contraseña",
            lead: |date| {
                format!(
                    "El {date} se escribieron varias veces códigos erróneos tras la contraseña correcta de su cuenta."
                )
            },
            effect: "Nadie ha entrado. Si no fue usted quien se equivocó, alguien conoce su contraseña: elija otra.",
        },
        not_you: "¿No ha sido usted? Elija enseguida otra contraseña y avise al administrador de su clínica.",
        button: "Ver cómo entro",
    },
    required: Required {
        subject: "Un segundo paso al entrar",
        lead: |organization| format!("{organization} le pide un segundo paso al entrar, además de su contraseña."),
        lead_key: |organization| {
            format!("{organization} le pide que entre con una llave de acceso o una llave de seguridad.")
        },
        at_once: "Vale desde ahora. Donde tenga una sesión abierta sin él, pronto se cerrará; la próxima vez que entre, lo configura en unos minutos.",
        from: |date| {
            format!(
                "Vale desde el {date}. Hasta entonces se le recuerda cada vez que entra, y puede dejarlo para más tarde."
            )
        },
        ready: "Si ya entra así, no tiene que hacer nada.",
        button: "Ver cómo entro",
        lifted_subject: "Ya no se le pide un segundo paso",
        lifted_lead: |organization| {
            format!("{organization} ya no le pide a usted en particular un segundo paso al entrar.")
        },
        lifted_effect: "Puede que lo sigan pidiendo reglas para todos o para su función. Lo que ha configurado se queda, y se le sigue pidiendo.",
    },
    locked: Locked {
        subject: "Su cuenta está bloqueada para dispositivos nuevos",
        lead: "Alguien ha fallado demasiadas veces al entrar en su cuenta, así que por ahora nadie puede entrar en un dispositivo nuevo.",
        until: |date| format!("El bloqueo termina solo: {date}."),
        lasting: "El bloqueo dura hasta que el administrador de su clínica lo quite.",
        known: "Donde tiene la sesión iniciada, sigue iniciada; en los navegadores que ya ha usado, puede entrar.",
        not_you: "Si no fue usted, nadie ha entrado. ¿Fue usted y ha olvidado su contraseña? Elija otra.",
        button: "Elegir contraseña nueva",
    },
    new_device: NewDevice {
        subject: "Nuevo inicio de sesión en su cuenta",
        lead: "Alguien ha entrado en su cuenta en un dispositivo que usted no había usado antes.",
        facts: |device, address, date| format!("{device}, desde {address}, el {date}."),
        yours: "Si fue usted, no tiene que hacer nada.",
        not_you: "¿No ha sido usted? Cierre la sesión de ese dispositivo, elija enseguida otra contraseña y avise al administrador de su clínica.",
        button: "Ver mis dispositivos",
    },
    code: Code {
        subject: "Su código",
        lead: |code| format!("Su código es {code}"),
        expires: "Sirve una vez, durante diez minutos, en el navegador que lo pidió.",
        facts: |device, from, date| format!("Pedido en {device}, desde {from}, el {date}."),
        never: "Escríbalo en la página de inicio de sesión y en ningún otro sitio. Nadie de informática, de su clínica ni de un servicio de ayuda se lo pedirá nunca.",
        not_you: "¿No ha sido usted? Entonces alguien conoce su contraseña. Nadie entra sin este código, pero elija ahora otra contraseña.",
        button: "Cambiar mi contraseña",
    },
    suspicion: Suspicions {
        unexpected: "Un inicio de sesión inesperado",
        failing: "Puede que alguien esté adivinando contraseñas",
        country: |name, country| format!("{name} ha entrado desde un país en el que nunca había entrado: {country}."),
        travel: |name, former, country| {
            let way = if former == country { country.to_owned() } else { format!("{former}, {country}") };
            format!("{name} ha entrado desde dos lugares ({way}) antes de lo que nadie puede viajar de uno a otro.")
        },
        device: |name| format!("{name} ha entrado en un dispositivo que no había usado antes."),
        theft: |name| {
            format!(
                "Se usó una sesión de {name} con una cookie copiada, desde dos lugares a la vez. Se ha cerrado para ambos."
            )
        },
        failures: |name, times| format!("Alguien ha intentado entrar como {name} {times} veces sin conseguirlo."),
        spraying: |times| {
            format!("Alguien ha intentado entrar sin conseguirlo en {times} cuentas o más, una tras otra.")
        },
        facts: |address, date| format!("Vino de {address}, el {date}."),
        on_host: |date| format!("Se hizo en el propio servidor, el {date}."),
        ask: "Pregunte a esa persona si fue ella. Si no, desactive su cuenta enseguida: así terminan todas sus sesiones.",
        nobody_in: "Nadie ha entrado así. Los intentos se frenan solos; el registro de auditoría los tiene todos.",
        emergency: "Se ha usado una cuenta de emergencia",
        emergency_lead: |account, organization| {
            format!("Se ha entrado con la cuenta de emergencia {account} de {organization}.")
        },
        emergency_next: "Si no fue ninguno de ustedes, quítela enseguida: `lanyard emergency remove`. Su sesión termina a las cuatro horas; después no entra más hasta que se renueve.",
        emergency_made: "Se ha creado una cuenta de emergencia",
        emergency_made_lead: |account, organization| {
            format!(
                "Se ha creado la cuenta de emergencia {account} de {organization}. Quien tenga su enlace registra en 24 horas una llave de seguridad, con la que entra una vez como propietaria."
            )
        },
        emergency_rotated: "Una cuenta de emergencia tiene otro enlace",
        emergency_rotated_lead: |account, organization| {
            format!(
                "La cuenta de emergencia {account} de {organization} tiene otro enlace. La llave anterior ya no sirve a nadie; quien tenga el enlace registra otra en 24 horas."
            )
        },
        emergency_link_next: "Si ninguno de ustedes lo sabía, quite la cuenta enseguida: `lanyard emergency remove`.",
        emergency_key: "Una cuenta de emergencia ya tiene llave",
        emergency_key_lead: |account, organization| {
            format!(
                "La cuenta de emergencia {account} de {organization} se ha configurado con una llave de seguridad, con la que entra una vez como propietaria."
            )
        },
        emergency_key_next: "Si no fue ninguno de ustedes, quítela enseguida: `lanyard emergency remove`. Quien tenga esa llave puede usarla.",
        emergency_removed: "Se ha quitado una cuenta de emergencia",
        emergency_removed_lead: |account, organization| {
            format!("Se ha quitado la cuenta de emergencia {account} de {organization}. Su llave ya no sirve a nadie.")
        },
        emergency_removed_next: "Si ninguno de ustedes lo sabía, averigüen quién fue: `lanyard audit list`. Para tener otra: `lanyard emergency create`.",
        once: "Durante una hora no recibirá otro mensaje sobre lo mismo.",
        button: "Abrir mi cuenta",
    },
    recovery: Recovery {
        asked_subject: "Alguien pide dejarle entrar sin su segundo paso",
        asked_lead: |organization| {
            format!(
                "{organization}: un administrador dice que usted ha perdido todas las formas de dar el segundo paso al entrar."
            )
        },
        asked_next: "Si otro administrador está de acuerdo, recibirá un enlace con el que entra una vez solo con su contraseña y configura un segundo paso nuevo.",
        asked_stop: "¿No ha perdido nada o no lo ha pedido? Deténgalo: basta un clic.",
        stop: "Detenerlo",
        open_until: |date| {
            format!("La petición está abierta hasta el {date}. Si la pidió usted, no tiene que hacer nada ahora.")
        },
        agreed_subject: "Entre una vez sin su segundo paso",
        agreed_lead: "Se ha acordado que entre una vez solo con su contraseña.",
        agreed_effect: "Con este enlace y su contraseña quita sus segundos pasos y códigos de recuperación anteriores. Se cierran todas sus demás sesiones.",
        agreed_button: "Seguir con mi contraseña",
        agreed_expires: "El enlace funciona una vez, durante 24 horas y solo junto con su contraseña.",
        agreed_not_you: "¿No lo ha pedido? Deténgalo en la página del enlace y avise al administrador de su clínica.",
        shown_lead: "El enlace con el que entra una vez solo con su contraseña se ha mostrado a alguien con acceso al servidor.",
        shown_effect: "¿No lo ha pedido? Cambie ahora su contraseña y avise a quien administra el servidor: sin su contraseña, el enlace no vale nada.",
        ended_subject: "Nadie entra sin su segundo paso",
        ended_lead: "La petición de dejarle entrar sin su segundo paso ha terminado.",
        ended_effect: "Sus enlaces ya no funcionan y nada ha cambiado en su forma de entrar.",
        account: "Abrir mi cuenta",
        delayed_lead: |name| {
            format!(
                "Alguien con acceso al servidor ha pedido que {name} entre sin segundo paso, porque los ha perdido todos."
            )
        },
        delayed_at: |date| {
            format!(
                "Si nadie lo detiene, la persona recibirá un enlace el {date}: funciona una vez, junto con la contraseña."
            )
        },
        delayed_stop: "¿Es un error o no sabe nada de ello? Deténgalo: basta un clic.",
        news_subject: |name| format!("Segundo paso perdido: {name}"),
        news_asked: |name| format!("Alguien ha pedido que {name} entre sin segundo paso, porque los ha perdido todos."),
        news_asked_next: "Hace falta otro administrador que esté de acuerdo. Antes hable con la persona cara a cara o en un número que ya conociera.",
        news_agreed: |name| {
            format!("Se ha acordado que {name} entre una vez sin segundo paso; el enlace va de camino.")
        },
        news_ended: |name| {
            format!("La petición de dejar entrar a {name} sin segundo paso ha terminado, y nadie entra con ella.")
        },
        news_used: |name| format!("{name} ha quitado todos sus segundos pasos con el enlace y la contraseña."),
        news_next: "Si esto le sorprende, pregunte a la persona y mire el registro de auditoría.",
        news_button: "Ver lo que espera",
    },
};
