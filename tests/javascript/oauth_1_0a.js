// npm oauth-1.0a as a client, which signs and leaves the sending to others: node oauth_1_0a.js GIVEN
import { createHmac, createSign } from 'node:crypto';

import OAuth from 'oauth-1.0a';

import { given, tell, visit } from './steps.js';

// {base, key, secret, privateKey, otherKey, method, place, realm, redirectUri, me}
const at = (step) => `${given.base}/plugins/servlet/oauth/${step}`;
const digest = given.method.split('-')[1].toLowerCase();
const bySecret = (text, key) => createHmac(digest, key).update(text).digest('base64');
const byKey = (pem) => (text) => createSign(`RSA-${digest.toUpperCase()}`).update(text).sign(pem, 'base64');
const build = (secret, pem) =>
  new OAuth({
    consumer: { key: given.key, secret },
    signature_method: given.method,
    hash_function: given.method.startsWith('RSA') ? byKey(pem) : bySecret,
    realm: given.realm,
  });

const encode = (pairs) =>
  pairs.map(([name, value]) => `${client.percentEncode(name)}=${client.percentEncode(value)}`).join('&');
const client = build(given.secret, given.privateKey);

// Sends a request with its credentials in the place that is asked for; `said` are OAuth's own parameters of the step.
async function send(method, url, { token, said = {}, form, signer = client } = {}) {
  // The library writes what it signs into what it is given.
  const signed = signer.authorize({ url, method, data: { ...said, ...form } }, token && { ...token });
  const own = Object.entries(signed).filter(([name]) => name.startsWith('oauth_'));
  const pairs = Object.entries(form ?? {}).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  const options = { method, headers: {} };
  if (given.place === 'header') Object.assign(options.headers, signer.toHeader(signed));
  if (given.place === 'query') url += `${url.includes('?') ? '&' : '?'}${encode(own)}`;
  const body = encode(given.place === 'form' ? [...pairs, ...own] : pairs);
  if (method === 'POST') {
    options.headers['Content-Type'] = 'application/x-www-form-urlencoded';
    options.body = body;
  }
  return fetch(url, options);
}

const read = async (answer) => Object.fromEntries(new URLSearchParams(await (await answer).text()));
const problem = async (answer) => (await read(answer)).oauth_problem;
const credentials = ({ oauth_token: key, oauth_token_secret: secret }) => ({ key, secret });

const callback = { oauth_callback: given.redirectUri };
const wrong = build('another secret', given.otherKey);
const wrongSecret = await problem(send('POST', at('request-token'), { said: callback, signer: wrong }));
const temporary = await read(send('POST', at('request-token'), { said: callback }));
const answer = new URL(await visit(`${at('authorize')}?oauth_token=${encodeURIComponent(temporary.oauth_token)}`));
const said = { oauth_verifier: answer.searchParams.get('oauth_verifier') };
const first = await read(send('POST', at('access-token'), { token: credentials(temporary), said }));
const token = credentials(first);

const form = { tag: ['x', 'a b', ''], reserved: "!*'();:@&=+$,/?#[]", name: 'Zo\u00eb|\u8a9e', empty: '', 'a[]': '1' };
const posted = await (await send('POST', given.me, { token, form })).json();
// Raw brackets and bars stay as they are on the way; letters of other scripts are escaped by fetch.
const query = '?tag=x&tag=a%20b&a[]=1&b=x|y&empty=&name=Zo\u00eb&plus=1%2B1';
const me = given.place === 'form' ? posted : await (await send('GET', given.me + query, { token })).json();

const handle = { oauth_session_handle: first.oauth_session_handle };
const wrongHandle = await problem(send('POST', at('access-token'), { token, said: { oauth_session_handle: 'another' } }));
const second = credentials(await read(send('POST', at('access-token'), { token, said: handle })));
await tell({
  wrongSecret,
  confirmed: temporary.oauth_callback_confirmed,
  me,
  posted,
  wrongHandle,
  old: (await send('POST', given.me, { token })).status,
  again: await (await send('POST', given.me, { token: second })).json(),
  twoLegs: await problem(send('POST', given.me)),
});
