//! Names become addresses here, and only those that may be called are handed on: what is judged is what is called.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_open;

/// The resolver of the machine, with the guard.
pub(super) struct Guarded {
    pub(super) allowed: Arc<[IpNet]>,
    pub(super) plain: bool,
}

/// A name that leads nowhere that may be called.
#[derive(Debug, thiserror::Error)]
#[error("its addresses are private and not in `outgoing.allowed_networks`, or plain http is not allowed there")]
pub(super) struct Refused;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, plain) = (Arc::clone(&self.allowed), self.plain);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let may = |address: IpAddr| is_open(address, &allowed, plain);
            let open: Vec<SocketAddr> = found.into_iter().filter(|address| may(address.ip())).collect();
            if open.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
