//! The sockets that the server listens on.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use crate::config::Listen;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}; {}", self.advice())]
pub struct ListenError {
    /// The address, as it would be reached.
    pub address: SocketAddr,
    /// What the operating system said.
    pub cause: io::Error,
    setting: &'static str,
}

impl ListenError {
    /// The same of an address that was chosen by another setting than `server.listen`.
    #[must_use]
    pub fn chosen_by(self, setting: &'static str) -> Self {
        Self { setting, ..self }
    }

    fn advice(&self) -> String {
        let setting = self.setting;
        match self.cause.kind() {
            io::ErrorKind::AddrInUse => {
                format!("another program listens there: stop it, or choose another port with `{setting}`")
            }
            io::ErrorKind::PermissionDenied => {
                format!("ports below 1024 need CAP_NET_BIND_SERVICE: grant it, or choose another port with `{setting}`")
            }
            io::ErrorKind::AddrNotAvailable => format!("this machine does not have that address: correct `{setting}`"),
            _ => format!("correct `{setting}`"),
        }
    }
}

/// Listens on every address. On `localhost` that is 127.0.0.1, and `::1` on the same port where this machine has it;
/// `[::]` takes IPv4 along, unless this machine keeps them apart, and `0.0.0.0` may be named beside it.
///
/// # Errors
/// [`ListenError`] names the address and what to do.
pub fn bind(addresses: &[Listen]) -> Result<Vec<TcpListener>, ListenError> {
    let mut ordered = addresses.to_vec();
    ordered.sort_by_key(|address| !matches!(address, Listen::Address(all) if all.ip() == Ipv6Addr::UNSPECIFIED));
    let mut listeners = Vec::new();
    for address in ordered {
        match address {
            Listen::Loopback(port) => listeners.extend(loopback(port)?),
            Listen::Address(address) => match socket(address) {
                Ok(listener) => listeners.push(listener),
                Err(error) if is_served_by_another(&error, addresses, &listeners) => {}
                Err(error) => return Err(error),
            },
        }
    }
    Ok(listeners)
}

fn loopback(port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let first = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    // Port 0 becomes a free one, which is then the port of both.
    let port = first.local_addr().map_or(port, |address| address.port());
    match socket(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if has_no_ipv6(&error.cause) => Ok(vec![first]),
        Err(error) => Err(error),
    }
}

/// Whether all who would come to this address come to another one that was named: of `0.0.0.0` and `[::]` of one port the
/// second takes both, and where there is no IPv6 the first is enough.
fn is_served_by_another(error: &ListenError, addresses: &[Listen], listeners: &[TcpListener]) -> bool {
    let port = error.address.port();
    let (v4, v6) = (SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)));
    if error.address == v4 {
        let is_bound = || listeners.iter().any(|listener| listener.local_addr().is_ok_and(|bound| bound == v6));
        return error.cause.kind() == io::ErrorKind::AddrInUse && is_bound();
    }
    error.address == v6 && has_no_ipv6(&error.cause) && addresses.contains(&Listen::Address(v4))
}

fn socket(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let listening = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listening.map_err(|cause| ListenError { address, cause, setting: "server.listen" })
}

fn has_no_ipv6(cause: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own in the standard library.
    cause.kind() == io::ErrorKind::AddrNotAvailable || cause.raw_os_error() == Some(97)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_both_loopback_addresses_on_one_port() {
        let listeners = bind(&[Listen::Loopback(0)]).expect("a port");
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().expect("an address")).collect();
        assert!(addresses[0].ip().is_loopback() && addresses[0].is_ipv4());
        assert!(addresses.iter().all(|address| address.port() == addresses[0].port()), "{addresses:?}");
    }

    #[test]
    fn all_addresses_of_both_families_can_be_named_together() {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let all = [
            Listen::Address(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
            Listen::Address(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))),
        ];
        let listeners = bind(&all).expect("both");
        std::net::TcpStream::connect(("127.0.0.1", port)).expect("reached");
        let taken = bind(&all).expect_err("another server").to_string();
        assert!(taken.contains("another program listens there"), "{taken}");
        drop(listeners);
        // Somebody else's is not ours.
        let _taken = TcpListener::bind(("127.0.0.1", port)).expect("free");
        assert!(bind(&all[..1]).is_err());
    }

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address");
        for listen in [Listen::Address(address), Listen::Loopback(address.port())] {
            let error = bind(&[listen]).expect_err("in use").to_string();
            assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
            assert!(error.contains("another program listens there"), "{error}");
        }
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let address = "192.0.2.1:0".parse().expect("an address");
        let error = bind(&[Listen::Address(address)]).expect_err("not ours").to_string();
        assert!(error.contains("this machine does not have that address"), "{error}");
    }
}
