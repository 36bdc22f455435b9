//! Spanish.

mod account;
mod authentication;
mod federation;
mod letter;
mod recovery;

use super::strings::{Ago, Chrome, Errors, Form, Said, Strings, Wait};

/// All texts in Spanish.
pub static STRINGS: Strings = Strings {
    chrome: Chrome { skip_to_content: "Saltar al contenido", language: "Idioma", powered_by: "Protegido por Lanyard" },
    errors: Errors {
        not_found: Said {
            title: "No encontramos esa página",
            text: "Puede que la dirección esté mal escrita o que la página haya cambiado de sitio. Compruebe el enlace e inténtelo de nuevo.",
        },
        method_not_allowed: Said {
            title: "Esta página no funciona así",
            text: "La dirección es correcta, pero no se puede usar de esta manera. Ábrala de nuevo desde la aplicación o la página de la que viene.",
        },
        bad_request: Said {
            title: "No pudimos leer la solicitud",
            text: "Falta algo en el enlace o en el formulario, o está dañado. Vuelva atrás e inténtelo desde el principio.",
        },
        app: Said {
            title: "La aplicación envió una solicitud de acceso que no podemos aceptar",
            text: "Su cuenta está bien. Vuelva a la aplicación e inténtelo de nuevo. Si sigue ocurriendo, envíe los detalles de abajo a los responsables de la aplicación.",
        },
        app_sign_out: Said {
            title: "La aplicación envió una solicitud para cerrar la sesión que no podemos aceptar",
            text: "Puede que su sesión siga abierta. Vuelva a la aplicación e inténtelo de nuevo, o cierre la sesión desde la página de su cuenta. Si sigue ocurriendo, envíe los detalles de abajo a los responsables de la aplicación.",
        },
        form_expired: Said {
            title: "Este formulario ya no es válido",
            text: "Estuvo abierto mucho tiempo, o su navegador no guarda nuestras cookies. Cargue la página de nuevo y vuelva a rellenarlo. No se ha cambiado nada.",
        },
        content_type: Said {
            title: "No pudimos leer el formulario",
            text: "Llegó en un formato que aquí no aceptamos. Cargue la página de nuevo y use su propio formulario.",
        },
        too_large: Said {
            title: "Es más de lo que podemos recibir",
            text: "Lo enviado es demasiado grande para este formulario. Acórtelo e inténtelo de nuevo.",
        },
        too_slow: Said {
            title: "Ha tardado demasiado en llegar",
            text: "Solo ha llegado una parte de lo que envió, así que no se ha cambiado nada. Compruebe su conexión e inténtelo de nuevo.",
        },
        link_invalid: Said {
            title: "Este enlace ya no funciona",
            text: "Los enlaces de nuestros correos sirven una sola vez y durante un tiempo limitado. Pida uno nuevo donde obtuvo este.",
        },
        forbidden: Said {
            title: "No tiene acceso a esta página",
            text: "Su cuenta no tiene permiso para verla. Si la necesita para su trabajo, hable con el administrador de su clínica.",
        },
        too_many_attempts: Said {
            title: "Demasiados intentos",
            text: "Para proteger la cuenta lo hemos puesto en pausa un rato. Espere unos minutos y vuelva a intentarlo.",
        },
        busy: Said {
            title: "Ahora mismo hay mucha actividad",
            text: "No hemos podido atender su solicitud en este momento. Espere unos segundos y vuelva a intentarlo.",
        },
        fault: Said {
            title: "Algo ha fallado por nuestra parte",
            text: "No es culpa suya, y hemos registrado lo ocurrido. Inténtelo de nuevo en un momento. Si sigue ocurriendo, dé a su soporte técnico el número de abajo.",
        },
        try_again: "Intentar de nuevo",
        to_account: "Ir a mi cuenta",
        for_support: "Detalles para el soporte técnico",
        request_id: "Número de solicitud",
        time: "Hora",
        address: "Su dirección",
        detail: "Qué estaba mal",
    },
    ago: Ago {
        just_now: "ahora mismo",
        minutes: |n| format!("hace {n} minutos"),
        an_hour: "hace 1 hora",
        hours: |n| format!("hace {n} horas"),
        a_day: "ayer",
        days: |n| format!("hace {n} días"),
    },
    wait: Wait {
        a_second: "1 segundo",
        seconds: |n| format!("{n} segundos"),
        a_minute: "1 minuto",
        minutes: |n| format!("{n} minutos"),
        an_hour: "1 hora",
        hours: |n| format!("{n} horas"),
    },
    form: Form {
        problems: "Revise lo siguiente",
        fill_in: |label| format!("Rellene «{label}»."),
        email_malformed: "No parece una dirección de correo. Debe ser como nombre@clinica.example.",
        show_password: "Mostrar contraseña",
        hide_password: "Ocultar contraseña",
        cancel: "Cancelar",
        save: "Guardar",
        saved: "Guardado.",
        until: |date| format!("hasta el {date}"),
    },
    authentication: authentication::AUTHENTICATION,
    federation: federation::FEDERATION,
    account: account::ACCOUNT,
    recovery: recovery::RECOVERY,
    letters: letter::LETTERS,
};
