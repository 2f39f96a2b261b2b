//! Where webhooks may point: nowhere that only this server can reach.
use std::{
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use url::{Host, Url};

use crate::{
    config::{Config, Network},
    error::{Error, Result},
};

/// The longest URL, in bytes.
const URL_MAX: usize = 2000;

/// Networks that are not the public internet: private and local ones, those that stand for others, and those where clouds
/// keep their secrets.
const CLOSED: [&str; 27] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Whether a webhook may be sent to this address.
pub fn is_open(config: &Config, address: IpAddr) -> bool {
    static NETWORKS: LazyLock<Vec<Network>> = LazyLock::new(|| {
        let network = |text: &str| text.parse().expect("the networks are written correctly");
        CLOSED.into_iter().map(network).collect()
    });
    let within = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
    !within(&NETWORKS) || within(&config.webhook.allow_private)
}

/// Reads the URL of a webhook, and looks whether it may be sent to. It is looked at again whenever something is sent.
///
/// # Errors
/// [`Error::Invalid`], saying what is wrong with it.
pub(super) async fn check(config: &Config, text: &str) -> Result<Url> {
    let invalid = |why: &str| Error::invalid("url", why);
    let url =
        Url::parse(text).map_err(|_| invalid("must be a URL such as https://example.org/x"))?;
    if text.len() > URL_MAX || text.chars().any(char::is_control) {
        return Err(invalid(
            "must have 2000 bytes at most, and no control characters",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(invalid("must hold no user, password or fragment"));
    }
    let addresses = addresses(&url).await;
    let addresses = addresses.map_err(|_| invalid("its host cannot be found"))?;
    match addresses.iter().all(|address| is_open(config, *address)) && !addresses.is_empty() {
        true => Ok(url),
        false => Err(invalid(
            "its host has a private address; ask an administrator to allow it (webhook.allow_private)",
        )),
    }
}

/// The addresses that a URL leads to.
async fn addresses(url: &Url) -> std::io::Result<Vec<IpAddr>> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![address.into()]),
        Some(Host::Ipv6(address)) => Ok(vec![address.into()]),
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address: SocketAddr| address.ip()).collect())
        }
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_open() {
        let config = Config::default();
        let open = |text: &str| is_open(&config, text.parse().expect("an address"));
        for public in ["8.8.8.8", "2606:4700::1111"] {
            assert!(open(public), "{public}");
        }
        for closed in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "::1",
            "::",
            "fd00:ec2::254",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!open(closed), "{closed}");
        }
    }

    #[test]
    fn what_is_allowed_is_open() {
        let mut config = Config::default();
        config.webhook.allow_private = vec!["10.0.0.0/8".parse().expect("a network")];
        assert!(is_open(&config, IpAddr::from([10, 1, 2, 3])));
        assert!(!is_open(&config, IpAddr::from([127, 0, 0, 1])));
    }
}
