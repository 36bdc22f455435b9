//! Spanish: signing in by an account of the organization.

use crate::web::language::strings::{
    Said,
    federation::{Directory, Federation},
};

pub(super) const FEDERATION: Federation = Federation {
    directory: Directory {
        password_expired: "Su contraseña ha caducado. Cámbiela en un ordenador de su clínica o pregunte a su departamento de informática y después inicie sesión aquí.",
        must_change: "Tiene que elegir una contraseña nueva antes de iniciar sesión. Hágalo en un ordenador de su clínica o pregunte a su departamento de informática.",
        disabled: "Su cuenta de la clínica está desactivada. Pregunte a su departamento de informática.",
        expired: "Su cuenta de la clínica ha llegado a su fin. Pregunte a su departamento de informática.",
        hours: "Su cuenta de la clínica no puede iniciar sesión a esta hora.",
        place: "Su cuenta de la clínica no puede iniciar sesión desde aquí.",
        locked: "Su cuenta de la clínica está bloqueada tras demasiados intentos. Espere un poco o pregunte a su departamento de informática.",
        silent: "No podemos comunicar con el directorio de su clínica para comprobar su contraseña. Inténtelo de nuevo en un minuto; si continúa, avise a su departamento de informática.",
    },
    sign_in_with: |name| format!("Iniciar sesión con {name}"),
    or: "o",
    organization: Said {
        title: "Iniciar sesión a través de su organización",
        text: "Escriba su dirección de trabajo y le llevaremos al acceso de su organización.",
    },
    address: "Correo del trabajo",
    go_on: "Continuar",
    unknown: "No sabemos a qué organización pertenece esta dirección. Compruébela o inicie sesión con su contraseña.",
    required: "Su clínica solo le deja entrar con su propia cuenta. Use esa.",
    by_organization: "Iniciar sesión a través de su organización",
    by_password: "Iniciar sesión con contraseña",
    on_the_way: Said {
        title: "Un momento", text: "Le llevamos al siguiente paso. Si no ocurre nada, continúe usted."
    },
    own_sign_in: Said {
        title: "Inicie sesión primero con su propia cuenta",
        text: "Ha entrado a través de una organización y su cuenta pertenece también a otras. Cierre la sesión e iníciela con su propia contraseña o llave de acceso para ver esta página.",
    },
    failed: Said {
        title: "No se ha podido iniciar sesión",
        text: "El acceso de su organización envió una respuesta que no podemos aceptar. Vuelva a la aplicación e inténtelo de nuevo. Si continúa, envíe los datos de abajo a su departamento de informática.",
    },
    turned_away: Said {
        title: "Todavía no tiene acceso",
        text: "Su organización le conoce, pero nadie le ha dado acceso aquí. Pregunte a su departamento de informática o al administrador de su clínica.",
    },
    incomplete: Said {
        title: "Falta algo en su cuenta",
        text: "El acceso de su organización no nos dijo todo lo necesario para dejarle entrar. Envíe los datos de abajo a su departamento de informática.",
    },
    invited: Said {
        title: "Mire su correo",
        text: "Le hemos enviado una invitación. Ábrala para conectar su cuenta y vuelva a iniciar sesión.",
    },
    taken: Said {
        title: "Ya tiene una cuenta aquí",
        text: "Inicie sesión primero con su propia contraseña o llave de acceso; después inicie sesión a través de su organización para conectar las dos.",
    },
};
