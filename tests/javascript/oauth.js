// npm oauth as a client, which has neither a word for forms nor one for renewal, and is used as in the field:
// node oauth.js GIVEN
import { OAuth } from 'oauth';

import { given, tell, visit } from './steps.js';

// {base, key, secret, otherKey, method, redirectUri, me}; with RSA the secret is the private key.
const at = (step) => `${given.base}/plugins/servlet/oauth/${step}`;
const build = (secret) =>
  new OAuth(at('request-token'), at('access-token'), given.key, secret, '1.0', given.redirectUri, given.method);
const client = build(given.secret);

// Turns the library's callbacks into promises: (error, …values).
const ask = (call) =>
  new Promise((done, fail) => call((error, ...values) => (error ? fail(Object.assign(new Error(), error)) : done(values))));
const failure = (promise) => promise.then(() => 'nothing', (error) => new URLSearchParams(error.data).get('oauth_problem'));
const status = (promise) => promise.then(() => 200, (error) => error.statusCode);

const wrong = build(given.method === 'RSA-SHA1' ? given.otherKey : 'another secret');
const wrongSecret = await failure(ask((done) => wrong.getOAuthRequestToken(done)));
const [temporary, temporarySecret, confirmed] = await ask((done) => client.getOAuthRequestToken(done));
const answer = new URL(await visit(`${at('authorize')}?oauth_token=${encodeURIComponent(temporary)}`));
const verifier = answer.searchParams.get('oauth_verifier');
const [token, secret, more] = await ask((done) => client.getOAuthAccessToken(temporary, temporarySecret, verifier, done));

const read = ([text]) => JSON.parse(text);
const get = async (query, ...credentials) => read(await ask((done) => client.get(`${given.me}${query}`, ...credentials, done)));
// What its parser of queries keeps: each name once; in a form it takes lists.
const me = await get("?empty=&reserved=%21*'()%3B%3A%40%26%3D&plus=1%2B1&na-me=Zo%C3%AB&na=a+b&c%5B%5D=1", token, secret);
const form = { tag: ['x', '', 'a b'], reserved: "!*'();:@&=+$,/?#[]", name: 'Zo\u00eb|\u8a9e', empty: '' };
const posted = read(await ask((done) => client.post(given.me, token, secret, form, done)));
const inQuery = await (await fetch(client.signUrl(`${given.me}?a=1`, token, secret, 'GET'))).json();

const renew = (handle) =>
  ask((done) =>
    client._performSecureRequest(token, secret, 'POST', at('access-token'), { oauth_session_handle: handle }, null, null, done),
  );
const wrongHandle = await failure(renew('another handle'));
const renewed = new URLSearchParams((await renew(more.oauth_session_handle))[0]);
const old = await status(ask((done) => client.get(given.me, token, secret, done)));
const again = await get('', renewed.get('oauth_token'), renewed.get('oauth_token_secret'));
await tell({
  wrongSecret,
  confirmed: confirmed.oauth_callback_confirmed,
  me,
  posted,
  inQuery,
  wrongHandle,
  old,
  again,
  twoLegs: await failure(ask((done) => client.get(given.me, null, null, done))),
});
