// npm openid-client as a client: node openid_client.js GIVEN
import * as client from 'openid-client';

import { failure, given, tell, visit } from './steps.js';

const methods = {
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
  none: client.None,
};
const discover = (secret) =>
  client.discovery(new URL(given.issuer), given.id, {}, methods[given.method](secret), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
const config = await discover(given.secret);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirectUri,
  scope: 'profile email',
  state,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
});
const back = new URL(await visit(url));
const checks = { pkceCodeVerifier, expectedState: state };
const found = {};
if (given.method !== 'none') {
  const other = await discover('another secret');
  found.wrongSecret = await failure(client.authorizationCodeGrant(other, back, checks));
}
const first = await client.authorizationCodeGrant(config, back, checks);
const ask = async (token) => {
  const answer = await client.fetchProtectedResource(config, token, new URL(given.me), 'GET');
  return answer.json();
};
found.me = await ask(first.access_token);
const second = await client.refreshTokenGrant(config, first.refresh_token);
found.rotated = first.refresh_token !== second.refresh_token;
found.again = await ask(second.access_token);
if (given.method !== 'none') {
  const itself = await client.clientCredentialsGrant(config, { scope: 'profile' });
  found.itself = await ask(itself.access_token);
  found.introspected = await client.tokenIntrospection(config, second.access_token);
}
await client.tokenRevocation(config, second.refresh_token);
found.revoked = await ask(second.access_token).catch((error) => ({ status: error.status }));
found.refused = await failure(client.refreshTokenGrant(config, second.refresh_token));
await tell(found);
