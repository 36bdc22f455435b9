use std::io::Write;

use super::*;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

fn problems(sources: &Sources) -> Vec<String> {
    let Problems(problems) = Config::load(sources).expect_err("refused");
    let name = sources.file.as_ref().map_or("\0".to_owned(), |path| path.display().to_string());
    problems.iter().map(|problem| problem.to_string().replace(&name, "FILE")).collect()
}

#[test]
fn the_defaults_run_on_localhost() {
    let config = Config::load(&Sources::none()).expect("the defaults are right");
    assert_eq!(config.server.issuer.as_str(), "http://localhost:8080");
    assert_eq!(config.server.listen, [Listen::Loopback(8080)]);
    assert_eq!(config.database.file(), Some("data/lanyard.db".into()));
    assert!(matches!(&config.mail.delivery, Delivery::Folder(path) if path.ends_with("data/mail")));
    assert!(config.tls.is_none() && config.terms.is_none() && config.outgoing.allowed_networks.is_empty());
    assert_eq!(config.tokens.access_token.as_secs(), 300);
    assert_eq!(config.invitations.lifetime.as_secs(), 7 * 86_400);
    assert_eq!(config.recovery.delay.as_secs(), 86_400);
}

#[test]
fn the_later_source_wins() {
    let file = file("[server]\nissuer = \"https://file.example\"\nlisten = [\"0.0.0.0:1\"]\nbody_limit = 20000\n");
    let sources = Sources::none()
        .with_file(file.path())
        .with_variable("LANYARD_SERVER__ISSUER", "https://environment.example")
        .with_variable("LANYARD_SERVER__LISTEN", "0.0.0.0:2, [::]:2")
        .with("server.issuer", "https://option.example");
    let server = Config::load(&sources).expect("right").server;
    assert_eq!(server.issuer.as_str(), "https://option.example");
    assert_eq!(server.listen.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0.0.0.0:2", "[::]:2"]);
    assert_eq!(server.body_limit, 20_000);
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    let file = file(
        "issuer = \"https://a.example\"\n\
         [server]\nlsiten = [\"localhost:1\"]\nissuer = \"http://a.example\"\nrequest_timeout = 30\nbody_limit = -1\n\
         [tokens]\naccess_token = \"1h\"\n\
         [maill]\nfrom = \"x\"\n\
         [tls]\nkey = \"a.key\"\n\
         [weather]\nsunny = true\n",
    );
    let found = problems(&Sources::none().with_file(file.path()));
    let expected = [
        "FILE: unknown key `issuer`; did you mean `server.issuer`?",
        "FILE: unknown key `maill.from`; did you mean `mail.from`?",
        "FILE: server.body_limit: expected a whole number that is not negative, found another number; write for example `server.body_limit = 1048576`",
        "FILE: unknown key `server.lsiten`; did you mean `server.listen`?",
        "FILE: server.request_timeout: expected text in quotes, found another number; write for example `server.request_timeout = \"30s\"`",
        "FILE: unknown key `weather.sunny`; `lanyard config show --defaults` prints all keys",
        "FILE: server.issuer: must be https unless its host is localhost; write `https://a.example`",
        "FILE: tls.key: has no certificate; set `tls.certificate` too",
        "FILE: tokens.access_token: `1h` is out of bounds; write a number and a unit from 60s to 15m: ms, s, m, h or d",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_variable_is_named_as_it_is_typed() {
    for (name, value, expected) in [
        (
            "LANYARD_SERVER__LSITEN",
            "x",
            "environment: unknown variable `LANYARD_SERVER__LSITEN`; did you mean `LANYARD_SERVER__LISTEN`?",
        ),
        (
            "LANYARD_SERVER_LISTEN",
            "x",
            "environment: unknown variable `LANYARD_SERVER_LISTEN`; did you mean `LANYARD_SERVER__LISTEN`?",
        ),
        (
            "LANYARD_SERVER__BODY_LIMIT",
            "much",
            "environment: LANYARD_SERVER__BODY_LIMIT: expected a whole number that is not negative, found text; write for example `LANYARD_SERVER__BODY_LIMIT=1048576`",
        ),
        (
            "LANYARD_MAIL__SMTP",
            "smtp+plain://mail.example",
            "environment: LANYARD_MAIL__SMTP: would send letters over the network without TLS; write `smtp://mail.example` or `smtps://mail.example`",
        ),
    ] {
        assert_eq!(problems(&Sources::none().with_variable(name, value)), [expected], "{name}");
    }
}

#[test]
fn variables_of_the_command_line_and_of_tests_are_left_alone() {
    let sources = Sources::none().with_variable("LANYARD_CONFIG", "x").with_variable("LANYARD_TEST_POSTGRES", "y");
    assert!(Config::load(&sources).is_ok());
}

#[test]
fn a_file_that_is_missing_or_broken_is_a_problem() {
    let missing = problems(&Sources::none().with_file(std::path::Path::new("no/such/file.toml")));
    assert!(missing[0].starts_with("FILE: cannot be read: No such file"), "{missing:?}");
    let broken = file("[server\n");
    let broken = problems(&Sources::none().with_file(broken.path()));
    assert!(broken[0].contains("cannot be read: TOML parse error at line 1"), "{broken:?}");
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let sources = Sources::none()
        .with_variable("LANYARD_MAIL__SMTP", "smtps://mail.example")
        .with_variable("LANYARD_MAIL__USERNAME", "1e5")
        .with_variable("LANYARD_MAIL__PASSWORD", "007");
    let Delivery::Smtp(smtp) = Config::load(&sources).expect("right").mail.delivery else { panic!("not SMTP") };
    assert_eq!(smtp.credentials.expect("credentials").0, "1e5");
}

#[test]
fn a_published_secret_is_refused_by_serve() {
    let sources = Sources::none()
        .with("mail.smtp", "smtps://mail.example")
        .with("mail.username", "lanyard")
        .with("mail.password", "calendar-demo-secret");
    assert_eq!(problems(&sources), ["command line: mail.password: is published with the demo; choose another"]);
    assert!(Config::load(&sources.for_purpose(Purpose::Demo)).is_ok());
}

#[test]
fn the_description_names_sources_and_hides_secrets() {
    let sources = Sources::none()
        .with_variable("LANYARD_KEYS__MASTER_KEY", &"0f".repeat(32))
        .with("database.url", "postgres://lanyard:hunter2@db/lanyard");
    let text = Config::describe(&sources).expect("right");
    assert!(!text.contains("0f0f") && !text.contains("hunter2"), "{text}");
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "[keys]",
        "master_key = \"(set)\" # environment",
        "url = \"postgres://lanyard:***@db/lanyard\" # command line",
        "issuer = \"http://localhost:8080\" # default",
        "memory = 19456 # default",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn the_description_reads_back() {
    let text = Config::describe(&Sources::none()).expect("right");
    let file = file(&text);
    assert!(Config::load(&Sources::none().with_file(file.path())).is_ok(), "{text}");
}

#[test]
fn certificates_of_apps_need_a_way_in_and_an_address() {
    let address = "https://mtls.clinic.example";
    for (listen, address, header, expected) in [
        ("", "", "", None),
        ("[::]:8443", address, "", None),
        ("", address, "client-cert", None),
        ("", "", "client-cert", None),
        (
            "[::]:8443",
            "",
            "",
            Some("client_certificates.address: is missing while `client_certificates.listen` is set"),
        ),
        ("", address, "", Some("client_certificates.listen: is missing while `client_certificates.address` is set")),
    ] {
        let (certificate, key) = ("server.pem", "server.key");
        let file = file(&format!(
            "[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n[client_certificates]\nlisten = [{}]\n\
             address = \"{address}\"\nheader = \"{header}\"\n",
            if listen.is_empty() { String::new() } else { format!("\"{listen}\"") },
        ));
        let found = Config::load(&Sources::none().with_file(file.path())).err().map(|problems| problems.to_string());
        let case = format!("{listen} {address} {header}: {found:?}");
        match expected {
            None => assert_eq!(found, None, "{case}"),
            Some(expected) => assert!(found.as_ref().is_some_and(|found| found.contains(expected)), "{case}"),
        }
    }
}

#[test]
fn a_file_of_authorities_is_there_and_holds_one() {
    let (empty, damaged) = (file("nothing\n"), file("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"));
    for key in ["client_certificates.ca_file", "outgoing.ca_file"] {
        for (path, expected) in [
            ("no/such/file.pem", "No such file"),
            (empty.path().to_str().unwrap(), "holds no certificate"),
            (damaged.path().to_str().unwrap(), "is no PEM file"),
        ] {
            let found = problems(&Sources::none().with(key, path));
            let is_told = found.len() == 1 && found[0].contains(key) && found[0].contains(path);
            assert!(is_told && found[0].contains(expected), "{key} {path}: {found:?}");
        }
    }
}

#[test]
fn a_recovery_waits_an_hour_at_least() {
    for (delay, fits) in [("59m", false), ("1h", true), ("30d", true), ("31d", false), ("0s", false)] {
        assert_eq!(Config::load(&Sources::none().with("recovery.delay", delay)).is_ok(), fits, "{delay}");
    }
}
