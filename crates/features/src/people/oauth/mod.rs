//! OAuth 2: applications that people let act on their behalf, and services that act by themselves.
//!
//! The OAuth 2.1 draft (RFC 6749 and RFC 9700 put together): authorization code with PKCE S256 always (RFC 7636) and
//! client credentials; redirect addresses compared whole, but for the port of a loopback address (RFC 8252); refresh
//! tokens change with every use. Tokens are random and kept as digests, so that each can be ended at once.
//!
//! Not by a library: oxide-auth, the one for servers, keeps its own ideas of users, sessions and storage, has no
//! rotation of refresh tokens with detection of reuse, no RFC 9207, and stores nothing in the transaction at hand.

pub mod authorize;
pub mod clients;
pub mod grants;
pub mod scopes;
pub mod tokens;

use kezhan_engine::Error;

/// What the protocol answers where it answers no.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// As in RFC 6749, sections 4.1.2.1 and 5.2.
    pub error: &'static str,
    pub description: String,
}

impl Refusal {
    pub fn new(error: &'static str, description: impl Into<String>) -> Refusal {
        Refusal { error, description: description.into() }
    }
}

/// A refusal that is said only after what goes with it has been committed, or a failure of ours.
pub type Answered<T> = Result<Result<T, Refusal>, Error>;
