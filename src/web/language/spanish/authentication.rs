//! Signing in, in Spanish.

use crate::web::language::strings::{
    Said,
    authentication::{
        Asked, Authentication, Consent, Device, Invitation, NoAccess, OrganizationChoice, Passkey, Password, Phone,
        Reset, Scopes, SecondFactor, SentBy, SentCodes, SignIn, SignOut, Station, TakeBack, Terms,
    },
};

pub(super) const AUTHENTICATION: Authentication = Authentication {
    tagline: "Un solo acceso para todo lo que usa en la clínica.",
    sign_in: SIGN_IN,
    second_factor: SecondFactor {
        title: "Un paso más",
        lead: "Abra su aplicación de autenticación y escriba las seis cifras que muestra para este sitio.",
        lead_with_both: "Use su llave de acceso, o escriba las seis cifras que su aplicación de autenticación muestra para este sitio.",
        lead_with_passkey: "Use su llave de acceso: toque la llave o desbloquee su dispositivo.",
        lead_key_wanted: "Su organización pide aquí su llave de acceso o de seguridad: toque la llave o desbloquee el dispositivo.",
        lost_key: "La he perdido: añadir otra",
        use_passkey: "Usar la llave de acceso",
        code: "Código",
        submit: "Continuar",
        wrong: "El código no es correcto, ha caducado o ya se ha usado. Escriba el que se muestra ahora.",
        wrong_recovery: "El código de recuperación no es correcto o ya se ha usado. Pruebe el siguiente de su lista.",
        use_recovery: "Ahora no puedo: usar un código de recuperación",
        recovery_lead: "Escriba uno de los códigos de recuperación que guardó al configurar este paso. Cada uno sirve una vez.",
        recovery_code: "Código de recuperación",
        no_codes: "¿Tampoco tiene códigos? El administrador de su clínica puede quitar este paso.",
        remember: |days| match days {
            1 => "No volver a preguntar en este dispositivo durante un día. No en un ordenador compartido.".to_owned(),
            days => {
                format!("No volver a preguntar en este dispositivo durante {days} días. No en un ordenador compartido.")
            }
        },
        use_app: "Usar la aplicación de autenticación",
    },
    sent: SentCodes {
        mail: SentBy {
            choose: "Enviarme un código por correo",
            before: |to| format!("Podemos enviar un código de seis cifras a {to}."),
            sent: |to| {
                format!("Hemos enviado un código de seis cifras a {to}. Sirve durante diez minutos, en este navegador.")
            },
            title: "Códigos por correo",
            none: "No tiene. Al iniciar sesión se le puede enviar un código. Una llave de acceso o una aplicación es más segura: quien lee su correo lee también los códigos.",
            add: "Configurar códigos por correo",
            offer: "Un código que se le envía por correo cada vez.",
            was_added: "Se han configurado los códigos por correo.",
        },
        text: SentBy {
            choose: "Enviarme un código por SMS",
            before: |to| format!("Podemos enviar un código de seis cifras a su teléfono {to}."),
            sent: |to| {
                format!(
                    "Hemos enviado un código de seis cifras a su teléfono {to}. Sirve durante diez minutos, en este navegador."
                )
            },
            title: "Códigos por SMS",
            none: "No tiene. Al iniciar sesión se le puede enviar un código al teléfono. Una llave de acceso o una aplicación es más segura: los números se pueden usurpar.",
            add: "Configurar códigos por SMS",
            offer: "Un código que se envía a su teléfono cada vez.",
            was_added: "Se han configurado los códigos por SMS.",
        },
        send: "Enviar el código",
        again: "Enviar otro código",
        wait: |wait| format!("Se puede enviar otro código en {wait}."),
        wrong: "El código no es correcto, ha caducado o ya se ha usado. Tras cinco intentos un código deja de servir: envíe otro.",
        submit: "Continuar",
        mail_closed: "Los códigos por correo no cuentan aquí: su contraseña vino por un enlace del mismo buzón, o alguien cambió su dirección. Entre de otra manera y vuelva a configurarlos.",
        mail_not_now: "Su contraseña se eligió con un enlace del mismo buzón hace menos de un día, así que los códigos enviados allí no demostrarían nada más. Añada una aplicación o una llave de acceso, o vuelva mañana.",
        phone: Phone {
            lead: "Escriba el número de su móvil. Enviaremos allí un código para ver que es suyo.",
            number: "Teléfono móvil",
            hint: "Con el prefijo del país: +45 12 34 56 78",
            wrong: "No es un número con el prefijo de su país. Escríbalo como +45 12 34 56 78.",
            unreachable: "Aquí no se envían SMS a números de ese país. Use otro número u otra manera.",
            exhausted: "Se han enviado demasiados SMS en la última hora. Use otra manera o inténtelo más tarde.",
            message: |code, site| format!("{code} es su código para {site}. Nadie se lo pedirá."),
        },
    },
    station: Station {
        title: "¿Convertir este navegador en puesto compartido?",
        lead: |name, organization| {
            format!(
                "«{name}» de {organization}: aquí trabaja una persona tras otra. A quien se ausenta un momento se le cierra la sesión, y este navegador no recuerda la cuenta de nadie."
            )
        },
        away: Said {
            title: "¿Sigue ahí?",
            text: "Nadie ha usado este puesto durante un rato, así que se cerró la página.",
        },
        go_on: "Continuar",
        submit: "Convertirlo en puesto compartido",
        here: |name, organization| format!("{name} · {organization}"),
        done: "Este navegador es ahora un puesto compartido.",
    },
    passkey: Passkey {
        use_one: "Usar una llave de acceso",
        failed: "No ha funcionado o ha tardado demasiado. Inténtelo de nuevo o entre de otra manera.",
        wrong: "Esa llave de acceso no está registrada aquí o no se pudo comprobar. Entre de otra manera.",
        closed: "Esta llave de acceso está cerrada, porque puede haber una copia. Entre de otra manera.",
        too_late: "Esta página ha estado abierta demasiado tiempo. Inténtelo de nuevo.",
        unsupported: "Este navegador no admite llaves de acceso. Use un código de recuperación u otro navegador.",
    },
    take_back: TakeBack {
        title: "Recuperar su cuenta",
        lead: "¿Alguien ha configurado una forma de entrar que no es suya o ha cambiado su correo? Esto quita lo que se configuró desde nuestra carta, cierra todas las sesiones de su cuenta y le permite elegir otra contraseña.",
        submit: "Recuperar mi cuenta",
    },
    organization: OrganizationChoice {
        title: "¿Dónde trabaja ahora?",
        lead: "Pertenece a más de una clínica. Elija en cuál quiere trabajar ahora; podrá cambiar después.",
        lead_for: |app| {
            format!("Pertenece a más de una clínica. Elija para cuál quiere usar {app}; podrá cambiar después.")
        },
        default: "Su preferida",
        none: Said {
            title: "Todavía no pertenece a ninguna clínica",
            text: "Su cuenta funciona, pero ninguna clínica le ha añadido, o su etapa en ella terminó. Pida al administrador de su clínica que le invite.",
        },
        other_person: "Entrar como otra persona",
    },
    consent: CONSENT,
    password: PASSWORD,
    reset: Reset {
        title: "¿Olvidó su contraseña?",
        lead: "Díganos quién es y le enviaremos por correo un enlace para elegir una nueva.",
        user_name: "Usuario o correo",
        submit: "Enviarme un enlace",
        back: "Volver al acceso",
        sent: Said {
            title: "Revise su correo",
            text: "Si hay una cuenta con buzón para lo que escribió, el enlace va en camino. Sirve una sola vez, durante una hora.",
        },
        sent_hint: "¿No ha llegado nada en unos minutos? Mire en el correo no deseado, o compruebe lo escrito e inténtelo de nuevo.",
        no_mailbox: "¿No tiene buzón propio? El administrador de su clínica puede darle una contraseña nueva.",
        choose: Said {
            title: "Elija una contraseña nueva",
            text: "Al guardarla se cerrará su sesión en todos los demás sitios.",
        },
        set: "Guardar la contraseña",
    },
    terms: Terms {
        title: "Antes de continuar",
        lead: "Lea y acepte estos textos. Solo volveremos a preguntar cuando cambien.",
        changed_lead: "Estos textos han cambiado desde que los aceptó. Lea y acepte la nueva versión.",
        version: |version| format!("Versión {version}"),
        new_window: "se abre en otra ventana",
        accept: "He leído y acepto estos textos",
        accept_first: "Marque la casilla para indicar que acepta los textos.",
        submit: "Continuar",
        decline: "No aceptar y cerrar sesión",
        terms: "Condiciones de uso",
        privacy: "Aviso de privacidad",
    },
    invitation: INVITATION,
    sign_out: SignOut {
        confirm_title: "¿Cerrar sesión?",
        confirm_lead: |name| {
            format!("Ha entrado como {name}. Al cerrar sesión saldrá de todas las aplicaciones que abrió con ella.")
        },
        submit: "Cerrar sesión",
        stay: "Seguir dentro",
        done: Said {
            title: "Ha cerrado la sesión",
            text: "En un ordenador compartido, cierre la ventana del navegador antes de irse.",
        },
        onward: "Continuar",
        again: "Entrar de nuevo",
        back_to: |app| format!("Volver a {app}"),
    },
    no_access: NoAccess {
        title: |app| format!("Todavía no puede usar {app}"),
        lead: |app, organization| {
            format!("Ha entrado correctamente, pero {organization} no le ha dado lo que {app} exige.")
        },
        lead_without_organization: |app| {
            format!("Ha entrado correctamente, pero su clínica no le ha dado acceso a {app}.")
        },
        closed_title: |app| format!("No puede usar {app} a esta hora"),
        closed: |organization| {
            format!("Ha entrado correctamente, pero {organization} no admite su acceso a esta hora.")
        },
        unusual_title: |app| format!("No puede usar {app} con este inicio de sesión"),
        unusual: |organization| {
            format!(
                "Este inicio de sesión no es habitual, por lo que {organization} exige un segundo factor, y usted no lo tiene. Entre desde donde y con lo que suele hacerlo."
            )
        },
        elsewhere_title: |app| format!("No puede usar {app} desde aquí"),
        elsewhere: |organization| {
            format!("Ha entrado correctamente, pero {organization} no le permite trabajar desde esta red.")
        },
        ask: "Estas personas pueden darle acceso:",
        ask_administrator: "Pida acceso al administrador de su clínica.",
        other_organization: "Elegir otra clínica",
        back: "Volver a la aplicación",
        needs: "Qué falta",
    },
    device: DEVICE,
    asked: ASKED,
};

const SIGN_IN: SignIn = SignIn {
    title: "Iniciar sesión",
    continue_to: |app| format!("para continuar a {app}"),
    user_name: "Usuario o correo",
    password: "Contraseña",
    forgot: "¿Olvidó su contraseña?",
    submit: "Entrar",
    wrong: "El usuario y la contraseña no coinciden. Revise ambos e inténtelo de nuevo.",
    throttled: |wait| format!("Demasiados intentos. Vuelva a intentarlo en {wait}."),
    full: "Ha iniciado sesión en tantos dispositivos como permite su clínica. Cierre la sesión en uno y vuelva a intentarlo.",
    again: Said { title: "Entre de nuevo", text: "La aplicación le pide que confirme que es usted." },
    again_unasked: "Antes de seguir, demuestre otra vez que es usted.",
    password_changed: "Su contraseña nueva está guardada. Entre ahora con ella.",
};

const DEVICE: Device = Device {
    title: "Conectar un dispositivo",
    lead: "Escriba el código que muestra el dispositivo.",
    code: "Código",
    code_hint: "Ocho letras, por ejemplo BCDF-GHJK",
    submit: "Continuar",
    wrong: "El código no es correcto o ya no sirve. Revíselo o pida uno nuevo en el dispositivo.",
    confirm_title: |app| format!("¿Conectar {app}?"),
    confirm_lead: |organization| format!("El dispositivo trabajará en su nombre para {organization}."),
    same_code: "¿Muestra el dispositivo este código?",
    warning: "Permítalo solo si tiene el dispositivo delante. Si alguien le envió este código o enlace, no lo permita.",
    allowed: Said { title: "El dispositivo está conectado", text: "Sigue por sí solo. Puede cerrar esta página." },
    refused: Said { title: "El dispositivo no está conectado", text: "No tendrá acceso. Puede cerrar esta página." },
};

const ASKED: Asked = Asked {
    title: "Solicitudes",
    lead: "Aplicaciones que piden su aprobación en este momento.",
    none: "No hay nada pendiente.",
    message: "Donde lo inició debe ver:",
    warning: "Permita solo lo que haya iniciado usted, y solo si el mensaje es el que ve allí.",
    allowed: "Permitido. La aplicación sigue por sí sola.",
    refused: "No permitido. La aplicación no tendrá acceso.",
    gone: "Esa solicitud ya no está abierta.",
    account: "Volver a su cuenta",
};

const CONSENT: Consent = Consent {
    title: |app| format!("¿Permitir que {app} use su cuenta?"),
    lead: |organization| format!("Está entrando para {organization}."),
    stranger: "Nadie aquí ha comprobado esta aplicación: pertenece a la dirección de arriba. Permítala solo si conoce esa dirección.",
    will: |app| format!("{app} podrá:"),
    allow: "Permitir",
    deny: "No permitir",
    withdraw_later: "Puede retirarlo cuando quiera en «Aplicaciones» de su cuenta.",
    scopes: Scopes {
        openid: "Saber que es usted",
        profile: "Ver su nombre y su perfil",
        email: "Ver su correo electrónico",
        address: "Ver su dirección postal",
        phone: "Ver su número de teléfono",
        offline_access: "Seguir conectada mientras usted no está",
        organization: "Ver en qué clínica trabaja",
        roles: "Ver sus funciones en esta clínica",
        groups: "Ver sus grupos en esta clínica",
        locations: "Ver los centros donde trabaja",
        entitlements: "Ver qué puede hacer en ella",
        identifiers: "Ver sus números de profesional y los de sus centros",
        practitioner: "Ver su profesión y su colegiación en esta clínica",
        own_profile: "Ver su perfil en esta clínica y cambiar lo que usted puede cambiar en él",
        other: |scope| format!("Usar «{scope}»"),
    },
};

const PASSWORD: Password = Password {
    title: "Cambiar la contraseña",
    lead: "Seguirá dentro aquí y se cerrará su sesión en todos los demás sitios.",
    forced_title: "Elija su propia contraseña",
    forced_lead: "La contraseña con la que entró era temporal. Elija una que solo usted conozca.",
    expired_lead: "Su contraseña es más antigua de lo que permite su organización. Elija otra para continuar.",
    current: "Contraseña actual",
    new: "Contraseña nueva",
    repeat: "Contraseña nueva, otra vez",
    rules: |least| {
        format!(
            "Al menos {least} caracteres. Unas pocas palabras sin relación son fáciles de recordar y difíciles de adivinar."
        )
    },
    submit: "Guardar la contraseña",
    changed: "Su contraseña ha cambiado.",
    wrong_current: "Esa no es su contraseña actual.",
    too_short: |least| format!("Es demasiado corta: use al menos {least} caracteres."),
    too_long: "Es demasiado larga: use como máximo 1.024 bytes.",
    former: "Ya ha usado esa contraseña. Elija otra.",
    too_common: "Esa contraseña es conocida por filtraciones o fácil de adivinar. Elija otra.",
    kinds: |least| format!("Use al menos {least} de: mayúsculas, minúsculas, números, símbolos."),
    weak: "Esa contraseña es demasiado fácil de adivinar. Añada una o dos palabras; mejor si son poco comunes.",
    weak_why: [
        "Las filas de teclas son fáciles de adivinar.",
        "Las repeticiones son fáciles de adivinar.",
        "Muchas personas usan una parecida.",
        "Las secuencias como abc o 6543 son fáciles de adivinar.",
        "Los años y las fechas son fáciles de adivinar.",
        "Una sola palabra es fácil de adivinar.",
        "Los nombres son fáciles de adivinar.",
    ],
    weak_tricks: [
        "Las mayúsculas ayudan poco.",
        "Las palabras al revés ayudan poco.",
        "Sustituciones como @ por a ayudan poco.",
    ],
    about_you: "Esa contraseña contiene su nombre o el de su clínica. Elija otra.",
    same: "Esa es la contraseña que ya tiene. Elija otra.",
    differ: "Las dos contraseñas nuevas no son iguales.",
};

const INVITATION: Invitation = Invitation {
    title: |organization| format!("Únase a {organization}"),
    invited_by: |name| format!("{name} le ha invitado."),
    offered: "Qué se le ofrece",
    everywhere: "todos los centros",
    expires: |date| format!("La invitación está abierta hasta el {date}."),
    accept: "Aceptar la invitación",
    reject: "Rechazar",
    as_person: |name| format!("Ha entrado como {name}."),
    other_person: "¿No es usted? Entre como otra persona",
    new_lead: "Díganos su nombre y elija una contraseña, y su cuenta estará lista.",
    name: "Su nombre completo",
    email: "Su correo",
    create: "Aceptar y crear mi cuenta",
    have_account: Said {
        title: "Ya tiene una cuenta",
        text: "Entre con ella para aceptar o rechazar. Conserva un solo acceso para todas sus clínicas.",
    },
    sign_in_to_accept: "Entrar para responder",
    rejected: Said {
        title: "Invitación rechazada",
        text: "No se le ha añadido a ningún sitio. Si cambia de idea, pida una invitación nueva.",
    },
    wrong_person: Said {
        title: "Esta invitación es para otra persona",
        text: "Se envió a una dirección distinta de la de la cuenta con la que ha entrado.",
    },
};
