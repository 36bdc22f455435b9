//! The person's own pages, in Spanish.

use crate::web::language::strings::account::{
    Account, Consents, Devices, Email, Invited, LanguageChoice, Memberships, Profile,
};

pub(super) const ACCOUNT: Account = Account {
    title: "Mi cuenta",
    navigation: "Páginas de la cuenta",
    overview: "Resumen",
    sessions: "Dispositivos",
    apps: "Aplicaciones",
    invitations: "Invitaciones",
    sign_out: "Cerrar sesión",
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
