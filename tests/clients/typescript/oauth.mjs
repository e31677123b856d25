// An application of somebody else's, with a certified library: discovery, authorization code with PKCE, refresh,
// introspection, revocation and client credentials. It says where to send its user, and is told where they came back.
import * as oauth from "oauth4webapi";
import { createInterface } from "node:readline/promises";

const [base, clientId, secret, redirect, scope] = process.argv.slice(2);
const issuer = new URL(base);
const options = { [oauth.allowInsecureRequests]: true };
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...options }),
);
const client = { client_id: clientId };
const auth = secret === "-" ? oauth.None() : oauth.ClientSecretBasic(secret);
const fail = (what) => {
  throw new Error(what);
};

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(server.authorization_endpoint);
for (const [key, value] of Object.entries({
  client_id: clientId,
  redirect_uri: redirect,
  response_type: "code",
  scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
})) {
  url.searchParams.set(key, value);
}
console.log(url.href);
const lines = createInterface({ input: process.stdin });
const back = await new Promise((resolve) => lines.once("line", resolve));

// Checks state and issuer: what another server answered is not taken.
const params = oauth.validateAuthResponse(server, client, new URL(back), state);
const answer = await oauth.authorizationCodeGrantRequest(server, client, auth, params, redirect, verifier, options);
let tokens = await oauth.processAuthorizationCodeResponse(server, client, answer);
const call = async (token, path, method = "GET") =>
  oauth.protectedResourceRequest(token, method, new URL(path, base), undefined, undefined, options);

const me = await (await call(tokens.access_token, "/api/v1/auth/me")).json();
const accounts = await (await call(tokens.access_token, "/api/v1/accounts")).json();
if (accounts.data.length !== 1) fail("one account is to be seen");

const renewed = await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, options);
tokens = await oauth.processRefreshTokenResponse(server, client, renewed);

let known = "-";
if (secret !== "-") {
  const asked = await oauth.introspectionRequest(server, client, auth, tokens.access_token, options);
  known = (await oauth.processIntrospectionResponse(server, client, asked)).username;
  const own = await oauth.clientCredentialsGrantRequest(server, client, auth, { scope: "account:read" }, options);
  const itself = await oauth.processClientCredentialsResponse(server, client, own);
  if ((await call(itself.access_token, "/api/v1/accounts")).status !== 200) fail("the service sees accounts");
}
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, auth, tokens.refresh_token, options),
);
const ended = await call(tokens.access_token, "/api/v1/accounts").catch((error) => error);
console.log(JSON.stringify({ me: me.username, known, ended: ended.status ?? 200, scope: tokens.scope }));
process.exit(0);
