//! The person's own pages, in Spanish.

use crate::web::language::strings::account::{
    Account, CodesPage, Consents, Devices, Email, Enrolment, Invited, Keys, LanguageChoice, Memberships, Profile,
    Security, SetUp,
};

pub(super) const ACCOUNT: Account = Account {
    title: "Mi cuenta",
    navigation: "Páginas de la cuenta",
    overview: "Resumen",
    security: Security {
        title: "Acceso",
        lead: "Entra solo con su contraseña. Una aplicación de autenticación lo hace más seguro.",
        lead_with_factor: "Su contraseña sola no basta para entrar: se le pide además un segundo paso.",
        keys: Keys {
            title: "Llaves de acceso",
            none: "Todavía no tiene ninguna. Una llave de acceso le permite entrar con el dedo, la cara o un PIN, sin contraseña; ningún otro sitio puede pedirla.",
            add: "Añadir una llave de acceso",
            add_title: "Añadir una llave de acceso",
            add_lead: "El navegador le pide el dedo, la cara o un PIN, o una llave de seguridad. Una llave de acceso solo sirve en este sitio, así que nadie puede sonsacársela.",
            unsupported: "Este navegador no puede crear llaves de acceso. Pruebe con otro navegador u otro dispositivo.",
            failed: "No ha funcionado o ha tardado demasiado. Inténtelo de nuevo.",
            known: "Este dispositivo ya tiene una llave de acceso para esta cuenta.",
            submit: "Añadir llave de acceso",
            name: "Nombre de la llave de acceso",
            default_name: "Llave de acceso",
            wrong: "No se pudo comprobar la llave de acceso o la página ha estado abierta demasiado tiempo. Inténtelo de nuevo.",
            unverified: "Su clínica pide llaves de acceso que comprueben quién es usted, con un PIN, el dedo o la cara. Configúrelo en la llave o use otra.",
            other_model: "Su clínica solo admite ciertos modelos de llaves de acceso. Esta no es uno de ellos, o no dice cuál es.",
            closed: |ago| {
                format!(
                    "Cerrada {ago}: su contador retrocedió, así que puede haber una copia. Ya no sirve para entrar. Quítela y añada una nueva."
                )
            },
            was_added: "La llave de acceso se ha añadido.",
        },
        apps: "Aplicaciones de autenticación",
        none: "Todavía no tiene ninguna. Una aplicación en su teléfono muestra un código nuevo cada medio minuto; lo escribe al entrar.",
        added: |ago| format!("Añadida {ago}"),
        used: |ago| format!("usada por última vez {ago}"),
        add: "Añadir una aplicación de autenticación",
        too_many: "Tiene todas las que puede tener una cuenta. Quite antes una.",
        remove: "Quitar",
        remove_title: |name| format!("¿Quitar {name}?"),
        remove_lead: "Sus códigos dejarán de servir. Sus otras aplicaciones y sus códigos de recuperación se conservan.",
        remove_last_lead: "Es la única que tiene: entrará solo con la contraseña, y sus códigos de recuperación dejarán de servir.",
        was_added: "La aplicación se ha añadido. A partir de ahora se le pedirá uno de sus códigos.",
        was_removed: "La aplicación se ha quitado.",
        codes: "Códigos de recuperación",
        codes_left: |count| match count {
            1 => "Queda un código de recuperación.".to_owned(),
            count => format!("Quedan {count} códigos de recuperación."),
        },
        make_codes: "Crear nuevos códigos de recuperación",
        make_codes_lead: "Guárdelos donde guardaría una llave de repuesto. Le permiten entrar si pierde la aplicación; los nuevos sustituyen a todos los que tiene.",
        enrolment: Enrolment {
            title: "Configure un segundo paso",
            lead: "Su organización pide un segundo paso al entrar. Configure uno para continuar.",
            lead_later: |date| {
                format!(
                    "A partir del {date} su organización pedirá un segundo paso al entrar. Configúrelo ahora o más tarde."
                )
            },
            lead_key: "Su organización pide una llave de acceso o de seguridad al entrar. Añada una para continuar.",
            lead_key_later: |date| {
                format!(
                    "A partir del {date} su organización pedirá una llave de acceso o de seguridad al entrar. Añádala ahora o más tarde."
                )
            },
            key: "Una llave de acceso: el dedo, la cara, un PIN o una llave de seguridad que se conecta.",
            app: "Una aplicación en su teléfono que muestra un código nuevo cada medio minuto.",
            none: "En este sitio no se puede configurar ninguno. Pregunte a su administrador.",
            later: "Más tarde",
        },
        remembered: "Navegadores recordados",
        remembered_count: |count| match count {
            1 => "En un navegador no se le pide el segundo paso durante un tiempo.".to_owned(),
            count => format!("En {count} navegadores no se le pide el segundo paso durante un tiempo."),
        },
        ask_again: "Volver a preguntar en todas partes",
        asked_again: "Se le volverá a pedir el segundo paso en todas partes.",
        key_first: "Para cambiar esto, entre primero con una de sus llaves de acceso o con un código de recuperación.",
        set_up: SetUp {
            title: "Añadir una aplicación de autenticación",
            scan: "Abra la aplicación en su teléfono y escanee esta imagen.",
            picture: "Código QR para la aplicación de autenticación",
            open: "¿Ya está en el teléfono? Ábralo en la aplicación",
            type_it: "¿No puede escanearla? Escriba esto en la aplicación:",
            confirm: "Después escriba el código que muestra la aplicación.",
            name: "Nombre de la aplicación o del teléfono",
            name_hint: "Para reconocerla más adelante.",
            default_name: "Teléfono",
            code: "Código",
            submit: "Añadir aplicación",
            wrong: "No es el código actual de la aplicación. ¿Está en hora el teléfono? Escriba el código que se muestra ahora.",
            too_long: "Como máximo 60 caracteres.",
        },
        codes_page: CodesPage {
            title: "Sus códigos de recuperación",
            lead: "Si pierde el teléfono, cada uno le permite entrar una vez. Imprímalos o guárdelos en un gestor de contraseñas.",
            once: "Solo los verá ahora.",
            done: "Los he guardado",
        },
    },
    sessions: "Dispositivos",
    apps: "Aplicaciones",
    invitations: "Invitaciones",
    sign_out: "Cerrar sesión",
    lock: "Bloquear",
    profile: Profile {
        greeting: |name| format!("Hola, {name}"),
        title: "Sobre usted",
        name: "Nombre completo",
        name_hint: "Como lo ven sus compañeros y las aplicaciones.",
        change_name: "Cambiar el nombre",
        managed: "Su clínica lo mantiene al día. Pida a su administrador que lo cambie.",
        kept: |source| format!("Lo mantiene {source}, conectado por su clínica. Pida que lo cambien allí."),
        user_name: "Usuario",
        email: "Correo",
        unverified: "sin confirmar",
        change_email: "Cambiar el correo",
        password: "Contraseña",
        password_age: |ago| format!("Cambiada {ago}"),
        password_until: |date| format!("Hay que elegir otra antes del {date}."),
        change_password: "Cambiar la contraseña",
        change_language: "Cambiar el idioma",
    },
    memberships: Memberships {
        title: "Sus clínicas",
        lead: "Dónde trabaja y su nivel en cada una.",
        level: "Su nivel",
        no_role: "Todavía no tiene ninguna función aquí. Pídala al administrador de la clínica.",
        everywhere: "todos los centros",
        groups: "Grupos",
        is_default: "Su preferida",
        make_default: "Usar como preferida",
        default_changed: |organization| format!("{organization} es ahora su clínica preferida."),
        none: "En este momento no pertenece a ninguna clínica.",
    },
    devices: Devices {
        lead: "Navegadores y dispositivos con sesión abierta en su cuenta. Cierre la de los que no conozca y después cambie su contraseña.",
        this: "Este dispositivo",
        unknown: "Dispositivo desconocido",
        signed_in: |when| format!("Entró {when}"),
        last_used: |when| format!("Usado por última vez {when}"),
        address: |address| format!("Desde {address}"),
        sign_out: "Cerrar sesión",
        sign_out_others: "Cerrar sesión en los demás sitios",
        sign_out_everywhere: "Cerrar sesión en todos los sitios",
        ended: "Sesión cerrada.",
        past: "Sesiones cerradas hace poco",
        past_lead: "Las aplicaciones que usó allí también cierran su sesión.",
        signed_out: |when| format!("Sesión cerrada {when}"),
        app_out: |app, organization| format!("{app}, {organization}: sesión cerrada"),
        app_waits: |app, organization| format!("{app}, {organization}: cerrando la sesión"),
        app_failed: |app, organization| {
            format!(
                "{app}, {organization}: no se pudo contactar. Puede que su sesión siga abierta allí; ciérrela en la propia aplicación."
            )
        },
    },
    consents: Consents {
        lead: "Aplicaciones a las que permitió usar su cuenta. Las de su propia clínica no necesitan preguntar y no aparecen aquí.",
        none: "Todavía no ha permitido ninguna aplicación.",
        since: |when| format!("Permitida {when}"),
        withdraw: "Retirar",
        withdrawn: |app| format!("{app} ya no puede usar su cuenta."),
    },
    invited: Invited {
        lead: "Clínicas que quieren contar con usted. Usted decide; nadie se añade sin su consentimiento.",
        none: "No hay invitaciones pendientes.",
        accepted: |organization| format!("Le damos la bienvenida a {organization}."),
        rejected: |organization| format!("Ha rechazado la invitación de {organization}."),
    },
    email: Email {
        title: "Cambiar el correo",
        lead: |email| {
            format!("Su correo es {email}. Enviaremos un enlace a la nueva dirección; nada cambia hasta que lo abra.")
        },
        new: "Correo nuevo",
        submit: "Enviar enlace de confirmación",
        sent: |email| format!("Hemos enviado un enlace a {email}. Ábralo en el plazo de una hora para confirmar."),
        changed: "Su nuevo correo está confirmado.",
        taken: "Esa dirección no se puede usar. Elija otra.",
    },
    language: LanguageChoice { title: "Idioma", lead: "Para estas páginas y para los correos que le enviamos." },
};
