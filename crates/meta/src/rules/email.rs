//! E-mail addresses: strict enough to catch typing mistakes, lax enough for every real mailbox.

use super::text::half_width;

/// The address without surrounding noise (`mailto:`, angle brackets, full-width letters), domain in
/// lower case; none if it is not an address.
pub fn normalise(raw: &str) -> Option<String> {
    let text = half_width(raw);
    let text = text.trim().trim_end_matches([';', ',']).trim_end();
    let text = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &text[7..],
        _ => text,
    };
    let text = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
    let (local, domain) = text.rsplit_once('@')?;
    if !is_local(local) || !is_domain(domain) || text.len() > 254 {
        return None;
    }
    Some(format!("{local}@{}", domain.to_lowercase()))
}

/// Whether a text is an address, exactly as it stands.
pub fn is_email(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => text.len() <= 254 && is_local(local) && is_domain(domain),
        None => false,
    }
}

/// The key by which two addresses are the same mailbox in practice.
pub fn key(raw: &str) -> Option<String> {
    normalise(raw).map(|address| address.to_lowercase())
}

fn is_local(local: &str) -> bool {
    !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => true,
            // Addresses with non-ASCII letters exist (RFC 6531).
            c if !c.is_ascii() => c.is_alphanumeric(),
            c => ".!#$%&'*+-/=?^_`{|}~".contains(c),
        })
}

/// A host name of at least two labels, the last of which is no number.
pub(crate) fn is_domain(domain: &str) -> bool {
    if domain.len() > 253 || !domain.contains('.') {
        return false;
    }
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.split('.').all(label_ok) && top.chars().count() >= 2 && !top.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good() {
        for text in [
            "a@b.cn",
            "wang.wei+crm@sub.example.com.cn",
            "o'neill@example.ie",
            "王伟@例子.公司",
            "x_y-z%1@ex-ample.museum",
        ] {
            assert!(is_email(text), "{text}");
        }
    }

    #[test]
    fn bad() {
        for text in [
            "",
            "@",
            "a@",
            "@b.cn",
            "a@b",
            "a b@c.cn",
            "a@b..cn",
            ".a@b.cn",
            "a.@b.cn",
            "a..b@c.cn",
            "a@-b.cn",
            "a@b.c",
            "a@b.12",
            "a@b.cn.",
            "a@b_c.cn",
            "a@b.cn,c@d.cn",
            "\"a b\"@c.cn",
            "a\u{0}@b.cn",
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn cleaned() {
        assert_eq!(normalise(" <Wang.Wei@Example.COM> ").as_deref(), Some("Wang.Wei@example.com"));
        assert_eq!(normalise("mailto:a@b.cn").as_deref(), Some("a@b.cn"));
        assert_eq!(normalise("ａ＠ｂ．ｃｎ；").as_deref(), Some("a@b.cn"));
        assert_eq!(key("Wang.Wei@Example.COM").as_deref(), Some("wang.wei@example.com"));
        assert_eq!(normalise("n/a"), None);
    }

    proptest! {
        #[test]
        fn normal_form_is_an_address(text in "\\PC{0,40}") {
            if let Some(address) = normalise(&text) {
                prop_assert!(is_email(&address));
                prop_assert_eq!(normalise(&address), Some(address));
            }
        }

        #[test]
        fn ordinary_addresses_pass(text in "[a-z][a-z0-9]{0,9}(\\.[a-z0-9]{1,9})?@[a-z0-9]{1,9}\\.(com|cn|com\\.cn|de)") {
            prop_assert!(is_email(&text));
        }
    }
}
