//! Which addresses outgoing calls may reach. Tenants type addresses; none of those may lead into the network that this
//! program stands in, unless whoever operates it says so.

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

/// What the operator allows besides the public Internet: names of hosts, addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    hosts: Vec<String>,
    networks: Vec<IpNet>,
}

impl FromStr for Inside {
    type Err = String;

    /// `ldap.example.com, 10.1.0.0/16, 127.0.0.1`; `*.example.com` stands for everything below that name.
    fn from_str(text: &str) -> Result<Inside, String> {
        let mut inside = Inside::default();
        for part in text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
            match (part.parse::<IpNet>(), part.parse::<IpAddr>()) {
                (Ok(network), _) => inside.networks.push(network),
                (_, Ok(address)) => inside.networks.push(address.into()),
                _ if is_host_pattern(part) => inside.hosts.push(part.to_ascii_lowercase()),
                _ => return Err(format!("\"{part}\" is no host, address or network")),
            }
        }
        Ok(inside)
    }
}

fn is_host_pattern(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

impl Inside {
    /// Is the host allowed by its name?
    fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.iter().any(|known| match known.strip_prefix("*.") {
            Some(above) => host.strip_suffix(above).is_some_and(|rest| rest.ends_with('.')),
            None => *known == host,
        })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Turns names into addresses. A seam, so that tests can say what a name server answers.
pub trait Names: Send + Sync {
    fn look_up(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The names of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn look_up(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.map(|at| at.ip()).collect()) })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0} is an internal address")]
    Internal(String),
    #[error("{0} is not known")]
    Unknown(String),
}

/// Decides for each connection anew; what it hands out is what is connected to, so that a name which answers
/// differently the second time gains nothing.
#[derive(Clone)]
pub struct Guard {
    inside: Arc<Inside>,
    names: Arc<dyn Names>,
}

impl Guard {
    pub fn new(inside: Inside) -> Guard {
        Guard::with_names(inside, Arc::new(SystemNames))
    }

    pub fn with_names(inside: Inside, names: Arc<dyn Names>) -> Guard {
        Guard { inside: Arc::new(inside), names }
    }

    /// Where a connection to this host may go. The host stands as in a URL: a name, an IPv4 address, or an IPv6 address
    /// with or without brackets.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Refusal> {
        let found = match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => {
                let looked_up = self.names.look_up(host.to_owned()).await;
                looked_up.map_err(|_| Refusal::Unknown(host.to_owned()))?
            }
        };
        if found.is_empty() {
            return Err(Refusal::Unknown(host.to_owned()));
        }
        let named = self.inside.names(host);
        let good: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| named || self.inside.holds(*address) || is_public(*address))
            .map(|address| SocketAddr::new(address, port))
            .collect();
        if good.is_empty() { Err(Refusal::Internal(host.to_owned())) } else { Ok(good) }
    }

    /// Does the operator vouch for this host? Only such a one may be spoken to without encryption.
    pub fn is_inside(&self, host: &str) -> bool {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        self.inside.names(host) || literal.is_ok_and(|address| self.inside.holds(address))
    }
}

/// An address of the public Internet, that belongs to a single host.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Per the IANA registry of special-purpose addresses (RFC 6890), and one more: clouds answer for the machine itself at
/// link-local addresses, and Azure at 168.63.129.16.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224
        || address.octets() == [168, 63, 129, 16])
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // An IPv4 address behind a translator (RFC 6052), or in a tunnel (6to4).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo and its neighbours; documentation.
        [0x2001, second, ..] if second < 0x0200 || second == 0x0db8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Answers with one list after the other.
    struct Told(Vec<Vec<IpAddr>>, AtomicUsize);

    impl Names for Told {
        fn look_up(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let turn = self.1.fetch_add(1, Ordering::Relaxed).min(self.0.len() - 1);
            let answer = self.0[turn].clone();
            Box::pin(async move { Ok(answer) })
        }
    }

    fn guard(inside: &str, answers: &[&[&str]]) -> Guard {
        let answers = answers.iter().map(|list| list.iter().map(|a| ip(a)).collect()).collect();
        Guard::with_names(inside.parse().unwrap(), Arc::new(Told(answers, AtomicUsize::new(0))))
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for inner in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(!is_public(ip(inner)), "{inner}");
        }
        for outer in
            ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
        {
            assert!(is_public(ip(outer)), "{outer}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_whatever_it_answered_before() {
        let guard = guard("", &[&["93.184.216.34"], &["127.0.0.1"]]);
        assert_eq!(guard.addresses("rebind.example", 443).await.unwrap(), ["93.184.216.34:443".parse().unwrap()]);
        let second = guard.addresses("rebind.example", 443).await;
        assert_eq!(second, Err(Refusal::Internal("rebind.example".into())));
    }

    #[tokio::test]
    async fn of_several_addresses_only_the_public_ones_are_connected_to() {
        let guard = guard("", &[&["10.0.0.5", "93.184.216.34", "::1"]]);
        assert_eq!(guard.addresses("both.example", 443).await.unwrap(), ["93.184.216.34:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn the_operator_allows_hosts_and_networks() {
        let inside = "ldap.corp.example, *.lan.example 10.1.0.0/16,::1";
        let guard = guard(inside, &[&["10.9.9.9"]]);
        for (host, good) in [
            ("ldap.corp.example", true),
            ("LDAP.corp.example.", true),
            ("a.lan.example", true),
            ("lan.example", false),
            ("notlan.example", false),
            ("10.1.2.3", true),
            ("10.2.2.3", false),
            ("[::1]", true),
            ("::ffff:10.1.0.1", true),
            ("other.example", false),
        ] {
            assert_eq!(guard.addresses(host, 1).await.is_ok(), good, "{host}");
        }
        assert!("http://x".parse::<Inside>().is_err() && "10.0.0.0/99".parse::<Inside>().is_err());
    }
}
