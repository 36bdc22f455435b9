//! How people reach the server: issuer, TLS and proxies have to fit each other.

use super::Finding;
use crate::{
    config::{Config, Listen, Server},
    server::Certificate,
};

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![];
    match &config.tls {
        None => {}
        Some(files) => findings.push(match Certificate::load(files) {
            Ok(_) => Finding::ok("tls", format!("certificate {}", files.certificate.display())),
            Err(error) => Finding::fail("tls", error.to_string(), "correct the files; the server reads them again"),
        }),
    }
    findings.push(way_in(&config.server, config.tls.is_some()));
    findings.extend(proxies(&config.server));
    findings
}

/// Whether passwords travel encrypted, all the way that can be seen from here.
fn way_in(server: &Server, has_tls: bool) -> Finding {
    let loopback = server.listen.iter().all(is_loopback);
    let addresses = server.listen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (server.issuer.is_https(), has_tls, loopback, server.trusted_proxies.is_empty()) {
        (false, true, _, _) => Finding::fail(
            "address",
            format!("TLS is configured, but the issuer is {}", server.issuer),
            "write `server.issuer` with https",
        ),
        (false, false, _, _) => Finding::warn(
            "address",
            format!("{} is for trying: browsers of this machine alone can sign in", server.issuer),
            "for real use set `server.issuer` to https://…",
        ),
        (true, true, _, _) => Finding::ok("address", format!("TLS on {addresses}")),
        (true, false, _, false) => Finding::ok("address", format!("plain HTTP on {addresses} behind trusted proxies")),
        (true, false, true, true) => Finding::warn(
            "address",
            format!("plain HTTP on {addresses}, and no proxy is trusted"),
            "set `server.trusted_proxies` to the address of the proxy that ends TLS, or audit log and throttles see one address for everybody",
        ),
        (true, false, false, true) => Finding::fail(
            "address",
            format!("plain HTTP on {addresses}: passwords travel the network in the clear"),
            "set `tls.certificate` and `tls.key`, or listen on localhost behind a proxy and set `server.trusted_proxies`",
        ),
    }
}

fn proxies(server: &Server) -> Option<Finding> {
    let everybody = server.trusted_proxies.iter().find(|network| network.prefix_len() == 0);
    if let Some(network) = everybody {
        return Some(Finding::fail(
            "proxies",
            format!("`server.trusted_proxies` has {network}: everybody may claim any address"),
            "name the addresses of your proxies alone",
        ));
    }
    let names: Vec<String> = server.trusted_proxies.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| Finding::ok("proxies", format!("trusted: {}", names.join(", "))))
}

fn is_loopback(listen: &Listen) -> bool {
    match listen {
        Listen::Loopback(_) => true,
        Listen::Address(address) => address.ip().is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};
    use crate::config::Sources;

    fn server(issuer: &str, listen: &str, proxies: &str) -> Server {
        let mut sources = Sources::none().with("server.issuer", issuer).with("server.listen", listen);
        if !proxies.is_empty() {
            sources = sources.with("server.trusted_proxies", proxies);
        }
        Config::load(&sources).expect("a configuration").server
    }

    #[test]
    fn passwords_must_not_travel_in_the_clear() {
        const ISSUER: &str = "https://id.clinic.example";
        for (issuer, listen, proxies, tls, expected) in [
            ("http://localhost:8080", "localhost:8080", "", false, State::Warn),
            ("http://localhost:8080", "localhost:8080", "", true, State::Fail),
            (ISSUER, "0.0.0.0:443", "", true, State::Ok),
            (ISSUER, "0.0.0.0:80", "", false, State::Fail),
            (ISSUER, "0.0.0.0:80", "10.0.0.2", false, State::Ok),
            (ISSUER, "localhost:8080", "", false, State::Warn),
            (ISSUER, "127.0.0.1:8080", "", false, State::Warn),
            (ISSUER, "localhost:8080", "127.0.0.1", false, State::Ok),
        ] {
            let found = way_in(&server(issuer, listen, proxies), tls);
            assert_eq!(found.state, expected, "{issuer} {listen} {proxies} {tls}: {found:?}");
        }
    }

    #[test]
    fn a_network_of_everybody_is_no_proxy() {
        for (listed, expected) in [
            ("", None),
            ("10.0.0.0/8", Some(State::Ok)),
            ("10.0.0.2,0.0.0.0/0", Some(State::Fail)),
            ("::/0", Some(State::Fail)),
        ] {
            let found = proxies(&server("https://id.clinic.example", "localhost:8080", listed));
            assert_eq!(found.map(|finding| finding.state), expected, "{listed}");
        }
    }
}
