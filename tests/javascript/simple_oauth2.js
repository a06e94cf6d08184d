// npm simple-oauth2 as a client, which is told every address: node simple_oauth2.js GIVEN
import { createHash, randomBytes } from 'node:crypto';

import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';

import { failure, given, tell, visit } from './steps.js';

const metadata = await (await fetch(`${given.issuer}/.well-known/oauth-authorization-server`)).json();
const path = (name) => new URL(metadata[`${name}_endpoint`]).pathname;
const configure = (secret) => ({
  client: { id: given.id, secret },
  auth: { tokenHost: given.issuer, tokenPath: path('token'), revokePath: path('revocation') },
  options: { authorizationMethod: given.method === 'client_secret_basic' ? 'header' : 'body' },
});
const withPages = (secret) => {
  const config = configure(secret);
  return new AuthorizationCode({ ...config, auth: { ...config.auth, authorizePath: path('authorization') } });
};
const client = withPages(given.secret);

const verifier = randomBytes(40).toString('base64url');
const url = client.authorizeURL({
  redirect_uri: given.redirectUri,
  scope: 'profile email',
  state: 'a state that is not guessed',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
});
const code = new URL(await visit(url)).searchParams.get('code');
const exchange = { code, redirect_uri: given.redirectUri, code_verifier: verifier };
const wrongSecret = await failure(withPages('another secret').getToken(exchange));
const first = await client.getToken(exchange);
const ask = async (token) => {
  const answer = await fetch(given.me, { headers: { Authorization: `Bearer ${token.token.access_token}` } });
  return answer.ok ? answer.json() : { status: answer.status };
};
const me = await ask(first);
const second = await first.refresh();
const again = await ask(second);
const itself = await ask(await new ClientCredentials(configure(given.secret)).getToken({ scope: 'profile' }));
await second.revokeAll();
await tell({
  wrongSecret,
  me,
  again,
  itself,
  rotated: first.token.refresh_token !== second.token.refresh_token,
  revoked: await ask(second),
  refused: await failure(second.refresh()),
});
