//! The address that people reach us at.

use crate::extract::came_by_tls;
use crate::server::State;
use actix_web::HttpRequest;
use url::Url;

/// Scheme, host and port, as browsers say them of a page; none where the text is anything else.
pub fn parse(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nameless = url.username().is_empty() && url.password().is_none();
    (bare && nameless && matches!(url.scheme(), "http" | "https")).then(|| url.origin().ascii_serialization())
}

/// Scheme and host: as configured, else as this request came. What is made for an address (tokens, passkeys, ways back
/// from providers) is made for this one.
pub fn of(state: &State, req: &HttpRequest) -> String {
    if let Some(url) = &state.config.public_url {
        return url.clone();
    }
    let scheme = if came_by_tls(state, req) { "https" } else { "http" };
    let host = match state.config.behind_proxy {
        true => req.connection_info().host().to_owned(),
        false => req.headers().get("host").and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned(),
    };
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_address_is_what_browsers_call_an_origin() {
        assert_eq!(parse("https://CRM.example.com/").as_deref(), Some("https://crm.example.com"));
        assert_eq!(parse("http://localhost:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(parse("https://crm.example.com:443").as_deref(), Some("https://crm.example.com"));
        for wrong in ["crm.example.com", "https://example.com/crm", "ftp://example.com", "https://a:b@example.com"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
