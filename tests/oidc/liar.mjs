// Speaks the protocol of a provider of identities, and lies as it is told to. Argument: port.
// PUT /lie {claims, alg, key, iss} says what the next answers are like; GET /asked counts who asked what.
import http from 'node:http';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const made = new Map();
const key = async (kid) => {
  if (!made.has(kid)) made.set(kid, await generateKeyPair('RS256', { extractable: true }));
  return made.get(kid);
};
let published = ['first'];
let lie = {};
const asked = { discovery: 0, keys: 0, token: 0 };
let told = { tokens: [] };

const body = async (request) => {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
};

async function token(form, client) {
  const { nonce } = JSON.parse(Buffer.from(form.get('code'), 'base64url').toString());
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: 'kezhan', sub: 'somebody', nonce, iat: now, exp: now + 300, ...lie.claims };
  const alg = lie.alg ?? 'RS256';
  if (alg === 'none') return new UnsecuredJWT(claims).encode();
  if (alg === 'HS256') {
    return new SignJWT(claims).setProtectedHeader({ alg }).sign(Buffer.from(client));
  }
  const kid = lie.key ?? published[0];
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign((await key(kid)).privateKey);
}

http
  .createServer(async (request, response) => {
    const url = new URL(request.url, issuer);
    const json = (value, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        asked.discovery += 1;
        return json({
          issuer: lie.issuer ?? issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/me`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        });
      case '/keys': {
        asked.keys += 1;
        const keys = published.map(async (kid) => ({
          ...(await exportJWK((await key(kid)).publicKey)), kid, alg: 'RS256', use: 'sig',
        }));
        return json({ keys: await Promise.all(keys) });
      }
      case '/authorize': {
        const back = new URL(url.searchParams.get('redirect_uri'));
        const code = Buffer.from(JSON.stringify({ nonce: url.searchParams.get('nonce') })).toString('base64url');
        back.searchParams.set('code', code);
        back.searchParams.set('state', url.searchParams.get('state'));
        if (lie.iss) back.searchParams.set('iss', lie.iss);
        response.writeHead(302, { location: back.toString() });
        return response.end();
      }
      case '/token': {
        asked.token += 1;
        const form = new URLSearchParams(await body(request));
        const basic = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
        told.tokens.push({ verifier: form.get('code_verifier'), basic });
        const secret = decodeURIComponent(basic.split(':')[1] ?? '');
        return json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: await token(form, secret) });
      }
      case '/me':
        return json({ sub: lie.claims?.sub ?? 'somebody', ...lie.me });
      case '/lie':
        lie = JSON.parse(await body(request));
        published = lie.published ?? published;
        return json({});
      case '/asked':
        return json({ ...asked, ...told });
      default:
        return json({ error: 'not_found' }, 404);
    }
  })
  .listen(port, '127.0.0.1');
