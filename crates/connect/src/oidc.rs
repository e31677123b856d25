//! Signing in at an identity provider: OpenID Connect, authorization code with PKCE.

use crate::web::{Bounds, Web, WebError};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGenderClaim, CoreIdToken, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// An unknown key makes us ask again, but not for every forged token.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// Clocks differ.
const SKEW_SECONDS: i64 = 60;
const KEPT_MAX: usize = 1000;

/// Only with keys of the provider's own: a client secret signs nothing, and nothing goes unsigned.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 10] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EcdsaP521Sha512,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Ours at the provider.
#[derive(Clone)]
pub struct Client {
    pub issuer: String,
    pub id: String,
    /// None for a public client.
    pub secret: Option<String>,
    pub scopes: Vec<String>,
    /// Where the provider sends people back to.
    pub redirect: String,
}

/// A sign-in that has been begun: where to send the browser, and what has to be kept until it comes back.
pub struct Begun {
    pub url: String,
    pub nonce: String,
    pub verifier: String,
}

/// What has to fit when the browser comes back.
pub struct Return<'a> {
    pub code: &'a str,
    pub nonce: &'a str,
    pub verifier: &'a str,
}

/// Someone the provider vouches for.
#[derive(Clone, Debug)]
pub struct Proved {
    pub issuer: String,
    pub subject: String,
    /// Of the identity token, and of the user-info endpoint where the token leaves them out.
    pub claims: Map<String, Value>,
}

/// What a provider says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Described {
    pub authorization_endpoint: String,
    pub token_endpoint: Option<String>,
    pub userinfo_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    pub keys: usize,
    pub scopes: Vec<String>,
    pub claims: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be asked, or what it says of itself is of no use.
    #[error("{0}")]
    Provider(String),
    /// It answered; the answer proves nothing.
    #[error("{0}")]
    Unproved(String),
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

struct Known {
    at: Instant,
    /// When an unknown key made us ask once more.
    again: Option<Instant>,
    provider: Arc<ProviderMetadataWithLogout>,
}

type Ready =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Speaks to providers, and remembers what they said of themselves.
pub struct Oidc {
    web: Web,
    known: Mutex<HashMap<String, Known>>,
}

impl Oidc {
    pub fn new(web: Web) -> Oidc {
        Oidc { web, known: Mutex::default() }
    }

    /// Asks the provider anew, whatever is remembered.
    pub async fn describe(&self, issuer: &str) -> Result<Described, OidcError> {
        let provider = self.ask(issuer).await?;
        let texts = |list: Option<Vec<String>>| list.unwrap_or_default();
        Ok(Described {
            authorization_endpoint: provider.authorization_endpoint().to_string(),
            token_endpoint: provider.token_endpoint().map(|url| url.to_string()),
            userinfo_endpoint: provider.userinfo_endpoint().map(|url| url.to_string()),
            end_session_endpoint: provider
                .additional_metadata()
                .end_session_endpoint
                .as_ref()
                .map(|url| url.to_string()),
            keys: provider.jwks().keys().len(),
            scopes: texts(provider.scopes_supported().map(|all| all.iter().map(|s| s.to_string()).collect())),
            claims: texts(provider.claims_supported().map(|all| all.iter().map(|c| c.to_string()).collect())),
        })
    }

    /// Where to send a browser to sign out there, and from there on to `back`; nothing where the provider does not say.
    /// No identity token is kept that could be shown as a hint, so it may ask the person first.
    pub async fn sign_out(&self, client: &Client, back: String) -> Result<Option<String>, OidcError> {
        let provider = self.provider(&client.issuer).await?;
        let Some(endpoint) = provider.additional_metadata().end_session_endpoint.clone() else { return Ok(None) };
        let back = PostLogoutRedirectUrl::new(back).map_err(|e| OidcError::Provider(e.to_string()))?;
        let request = LogoutRequest::from(endpoint).set_client_id(ClientId::new(client.id.clone()));
        Ok(Some(request.set_post_logout_redirect_uri(back).http_get_url().to_string()))
    }

    /// Where to send the browser. `state` finds the sign-in again when it returns.
    pub async fn begin(&self, client: &Client, state: String) -> Result<Begun, OidcError> {
        let provider = self.provider(&client.issuer).await?;
        let ready = ready(&provider, client)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = ready
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), Nonce::new_random)
            .set_pkce_challenge(challenge);
        // `openid` is there already.
        for scope in client.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, _, nonce) = request.url();
        Ok(Begun { url: url.to_string(), nonce: nonce.secret().clone(), verifier: verifier.into_secret() })
    }

    /// Exchanges the code for proof of who has signed in.
    pub async fn finish(&self, client: &Client, back: &Return<'_>) -> Result<Proved, OidcError> {
        let provider = self.provider(&client.issuer).await?;
        let ready = ready(&provider, client)?;
        let http = |request| self.web.send(request, Bounds { redirects: 0, ..Bounds::default() });
        let answer = ready
            .exchange_code(AuthorizationCode::new(back.code.to_owned()))
            .map_err(|e| OidcError::Provider(e.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(back.verifier.to_owned()))
            .request_async(&http)
            .await
            .map_err(|e| match e {
                openidconnect::RequestTokenError::ServerResponse(said) => OidcError::Unproved(said.to_string()),
                openidconnect::RequestTokenError::Request(e) => OidcError::Provider(e.to_string()),
                other => OidcError::Provider(other.to_string()),
            })?;
        let token = answer.id_token().ok_or_else(|| OidcError::Unproved("no identity token".into()))?;
        let claims = self.verified(&provider, client, token, back.nonce).await?;
        if let Some(expected) = claims.access_token_hash() {
            let verifier = ready.id_token_verifier();
            let actual = token
                .signing_alg()
                .and_then(|alg| Ok((alg, token.signing_key(&verifier)?)))
                .map_err(|e| OidcError::Unproved(e.to_string()))
                .and_then(|(alg, key)| {
                    AccessTokenHash::from_token(answer.access_token(), alg, key)
                        .map_err(|e| OidcError::Unproved(e.to_string()))
                });
            // The key may have been one that was learned just now; then the signature has been checked with it.
            if actual.is_ok_and(|actual| actual != *expected) {
                return Err(OidcError::Unproved("the access token is another's".into()));
            }
        }
        let subject = claims.subject().clone();
        let mut all = object(&claims);
        all.extend(payload(&token.to_string()));
        if let Ok(request) = ready.user_info(answer.access_token().clone(), Some(subject.clone())) {
            let told: Result<UserInfoClaims<Others, CoreGenderClaim>, _> = request.request_async(&http).await;
            match told {
                // What is signed counts before what is only told.
                Ok(told) => {
                    for (key, value) in object(&told) {
                        all.entry(key).or_insert(value);
                    }
                }
                Err(e) => log::info!("the user-info endpoint of {} is of no use: {e}", client.issuer),
            }
        }
        Ok(Proved { issuer: client.issuer.clone(), subject: subject.to_string(), claims: all })
    }

    /// The claims of a token that holds. Providers change their keys: one that is not known is asked for once more.
    async fn verified(
        &self,
        provider: &ProviderMetadataWithLogout,
        client: &Client,
        token: &CoreIdToken,
        nonce: &str,
    ) -> Result<CoreIdTokenClaims, OidcError> {
        match verify(provider, client, token, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let provider = self.once_more(&client.issuer).await?;
                verify(&provider, client, token, nonce)
            }
            other => other,
        }
        .map_err(|e| OidcError::Unproved(e.to_string()))
    }

    /// What the provider said of itself, unless that is too old.
    async fn provider(&self, issuer: &str) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(issuer).filter(|known| known.at.elapsed() < FRESH).map(|known| known.provider.clone())
        };
        match known {
            Some(provider) => Ok(provider),
            None => self.ask(issuer).await,
        }
    }

    /// The same, asked for anew; what is known, where that was done a moment ago.
    async fn once_more(&self, issuer: &str) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.get_mut(issuer) {
                if known.again.is_some_and(|at| at.elapsed() < ASK_AGAIN) {
                    return Ok(known.provider.clone());
                }
                known.again = Some(Instant::now());
            }
        }
        self.ask(issuer).await
    }

    async fn ask(&self, issuer: &str) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let url = IssuerUrl::new(issuer.to_owned()).map_err(|e| OidcError::Provider(e.to_string()))?;
        let http = |request| self.web.send(request, Bounds::default());
        let provider = ProviderMetadataWithLogout::discover_async(url, &http).await.map_err(|e| {
            OidcError::Provider(match e {
                openidconnect::DiscoveryError::Request(e) => e.to_string(),
                openidconnect::DiscoveryError::Response(status, _, said) => format!("{status}: {said}"),
                openidconnect::DiscoveryError::Parse(e) => format!("no discovery document: {e}"),
                other => other.to_string(),
            })
        })?;
        let provider = Arc::new(provider);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        let again = known.get(issuer).and_then(|known| known.again);
        known.insert(issuer.to_owned(), Known { at: Instant::now(), again, provider: provider.clone() });
        Ok(provider)
    }
}

fn ready(provider: &ProviderMetadataWithLogout, client: &Client) -> Result<Ready, OidcError> {
    let redirect = RedirectUrl::new(client.redirect.clone()).map_err(|e| OidcError::Provider(e.to_string()))?;
    let secret = client.secret.clone().map(ClientSecret::new);
    let methods = provider.token_endpoint_auth_methods_supported();
    let says = |method: &CoreClientAuthMethod| methods.is_some_and(|all| all.contains(method));
    let in_body = !says(&CoreClientAuthMethod::ClientSecretBasic) && says(&CoreClientAuthMethod::ClientSecretPost);
    let auth = if in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
    Ok(CoreClient::from_provider_metadata(provider.clone(), ClientId::new(client.id.clone()), secret)
        .set_redirect_uri(redirect)
        .set_auth_type(auth))
}

fn verify(
    provider: &ProviderMetadataWithLogout,
    client: &Client,
    token: &CoreIdToken,
    nonce: &str,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let redirected = ready(provider, client).map_err(|e| ClaimsVerificationError::Other(e.to_string()))?;
    let verifier = redirected
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(|| chrono::Utc::now() - chrono::Duration::seconds(SKEW_SECONDS));
    token.claims(&verifier, &Nonce::new(nonce.to_owned())).cloned()
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The claims of a token whose signature has been checked, those included that the library has no type for.
fn payload(token: &str) -> Map<String, Value> {
    use base64::Engine as _;
    let middle = token.split('.').nth(1).unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(middle).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

impl From<WebError> for OidcError {
    fn from(error: WebError) -> OidcError {
        OidcError::Provider(error.to_string())
    }
}
