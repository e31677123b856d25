//! Web addresses: http and https only, so that a link shown in the product can never run a script.

use super::email::is_domain;
use super::text::half_width;

/// The address as it is stored: `https://` added where people leave the scheme out, scheme and host
/// in lower case. None if it is not a web address.
pub fn normalise(raw: &str) -> Option<String> {
    let text = half_width(raw);
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let parts = split(&full)?;
    Some(format!("{}://{}{}", parts.scheme, parts.host_port.to_lowercase(), parts.rest))
}

/// Whether a text is a full web address, exactly as it stands.
pub fn is_url(text: &str) -> bool {
    split(text).is_some()
}

/// The bare host (without `www.` and port): what two records of one company share.
pub fn host(raw: &str) -> Option<String> {
    let normal = normalise(raw)?;
    let parts = split(&normal)?;
    let (host, _) = split_port(parts.host_port)?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

struct Parts<'a> {
    scheme: &'static str,
    host_port: &'a str,
    rest: &'a str,
}

fn split(text: &str) -> Option<Parts<'_>> {
    if text.len() > 2048 || text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}".contains(c)) {
        return None;
    }
    let (scheme, after) = text.split_once("://")?;
    let scheme = match scheme {
        s if s.eq_ignore_ascii_case("https") => "https",
        s if s.eq_ignore_ascii_case("http") => "http",
        _ => return None,
    };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (host_port, rest) = after.split_at(end);
    // `https://bank.example@evil.example` shows one host and opens another.
    if host_port.contains('@') {
        return None;
    }
    let (host, port) = split_port(host_port)?;
    let port_ok =
        port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()) && p.parse::<u16>().is_ok());
    (port_ok && is_host(host)).then_some(Parts { scheme, host_port, rest })
}

fn split_port(host_port: &str) -> Option<(&str, Option<&str>)> {
    if host_port.starts_with('[') {
        let end = host_port.find(']')?;
        let (host, after) = host_port.split_at(end + 1);
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if after.is_empty() => Some((host, None)),
            None => None,
        };
    }
    Some(match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    })
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    host.parse::<std::net::Ipv4Addr>().is_ok() || host.eq_ignore_ascii_case("localhost") || is_domain(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good() {
        for text in [
            "https://example.com",
            "http://www.example.com.cn:8080/a/b?c=d#e",
            "HTTPS://Example.com/%E4%B8%AD",
            "https://例子.中国/路径",
            "http://127.0.0.1:3000/",
            "http://[::1]:80/x",
            "http://localhost/",
        ] {
            assert!(is_url(text), "{text}");
        }
    }

    #[test]
    fn bad() {
        for text in [
            "",
            "example.com",
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "ftp://example.com",
            "https://",
            "https://bank.example@evil.example",
            "https://exa mple.com",
            "https://example.com:99999",
            "https://example.com:",
            "https://example.com:+80",
            "https://[::zz]/",
            "https://host",
            "https://example.com/\"onclick=",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }

    #[test]
    fn completed() {
        assert_eq!(normalise("WWW.Example.com/About").as_deref(), Some("https://www.example.com/About"));
        assert_eq!(normalise(" Http://Example.com ").as_deref(), Some("http://example.com"));
        assert_eq!(normalise("ｗｗｗ．ａ．ｃｎ").as_deref(), Some("https://www.a.cn"));
        assert_eq!(normalise("javascript:alert(1)"), None);
        assert_eq!(normalise("no address"), None);
        assert_eq!(host("http://www.Example.com:8080/x").as_deref(), Some("example.com"));
    }

    proptest! {
        #[test]
        fn normal_form_is_http(text in "\\PC{0,60}") {
            if let Some(url) = normalise(&text) {
                prop_assert!(url.starts_with("http://") || url.starts_with("https://"));
                prop_assert!(is_url(&url));
                prop_assert_eq!(normalise(&url), Some(url));
            }
        }
    }
}
