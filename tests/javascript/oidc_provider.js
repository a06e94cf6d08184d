// npm oidc-provider, as the makers of an application would set it up, and the application that it guards:
// node oidc_provider.js [ACCESS_TOKEN_SECONDS [OUTSIDE INSIDE]]
//
// Client id documents are https alone: those at OUTSIDE it reads from INSIDE, where no TLS is.
// Prints {"url"} once it listens. Clients register themselves (RFC 7591); GET /log gives what it did so far.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const KEYS = [
  makeKey('rsa', { modulusLength: 2048 }, { kid: 'rsa', alg: 'RS256' }),
  makeKey('rsa', { modulusLength: 2048 }, { kid: 'rsa-pss', alg: 'PS256' }),
  makeKey('ec', { namedCurve: 'P-256' }, { kid: 'ec' }),
  makeKey('ed25519', {}, { kid: 'ed25519' }),
];
const [seconds = '3600', outside = '', inside = ''] = process.argv.slice(2);
const server = createServer().listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  server.on('request', build(url).callback());
  process.stdout.write(`${JSON.stringify({ url })}\n`);
});

function build(url) {
  const provider = new Provider(url, {
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientBasedCORS: () => false,
    cookies: { keys: ['cookies of a test'] },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'RS256'],
      idTokenSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    },
    features: {
      clientCredentials: { enabled: true },
      clientIdMetadataDocument: outside ? { enabled: true, ack: 'draft-02' } : { enabled: false },
      introspection: { enabled: true },
      registration: { enabled: true, initialAccessToken: false },
      revocation: { enabled: true },
      // Its own pages for logging in and consenting.
      devInteractions: { enabled: true },
    },
    fetch: (url, { dispatcher, ...options }) => fetch(String(url).replace(outside, inside), options),
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the provider`, preferred_username: `${id}@provider` }),
    }),
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    jwks: { keys: KEYS },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    scopes: ['openid', 'offline_access', 'profile', 'things'],
    ttl: { AccessToken: Number(seconds), ClientCredentials: Number(seconds), Grant: 86400, Interaction: 3600, RefreshToken: 86400, Session: 86400 },
  });
  const log = watch(provider);
  provider.use(async (ctx, next) => {
    if (ctx.path === '/log') ctx.body = log;
    else if (ctx.path === '/api/things') await answer(ctx, provider);
    else await next();
  });
  return provider;
}

// The application: says who calls.
async function answer(ctx, provider) {
  const value = /^Bearer (.+)$/.exec(ctx.get('authorization'))?.[1] ?? '';
  const token = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
  if (token === undefined) {
    ctx.status = 401;
    ctx.set('WWW-Authenticate', value ? 'Bearer error="invalid_token"' : 'Bearer');
    return;
  }
  ctx.body = { of: token.accountId ?? null, scope: token.scope };
}

function watch(provider) {
  const log = [];
  const note = (what, detail) => log.push({ what, ...detail });
  provider.on('authorization.success', (ctx) => note('authorized', { asked: { ...ctx.oidc.params } }));
  provider.on('grant.success', (ctx) => {
    const { client, params } = ctx.oidc;
    const ways = [ctx.get('authorization') && 'header', ctx.oidc.body.client_secret && 'body', ctx.oidc.body.client_assertion && 'key'];
    note('issued', { by: params.grant_type, client: client.clientId, proof: ways.filter(Boolean).join() || 'none' });
  });
  provider.on('grant.error', (ctx, error) => note('refused', { error: error.error, detail: error.error_detail ?? error.error_description }));
  provider.on('grant.revoked', () => note('revoked'));
  provider.on('server_error', (ctx, error) => note('failed', { error: String(error.stack) }));
  return log;
}

function makeKey(type, options, names) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', ...names };
}
