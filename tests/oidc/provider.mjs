// A provider of identities on a port of its own. Arguments: port, redirect URI, people as JSON: {account: claims}.
// Whoever has an account signs in with any password.
import Provider from 'oidc-provider';

const [port, redirect, people] = process.argv.slice(2);
const accounts = JSON.parse(people);
const profile = ['name', 'preferred_username', 'groups', 'department'];

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'kezhan',
      client_secret: 'the secret of the client',
      redirect_uris: [redirect],
      post_logout_redirect_uris: [new URL('/', redirect).href],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  claims: { email: ['email', 'email_verified'], phone: ['phone_number'], profile },
  cookies: { keys: ['only for tests'] },
  pkce: { required: () => true },
  findAccount: (_, id) =>
    accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
});
provider.listen(Number(port), '127.0.0.1');
