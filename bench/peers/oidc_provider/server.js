// npm oidc-provider as a deployment would configure it: node server.js PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI [DATABASE]
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

import { MemoryAdapter } from './memory_adapter.js';
import { sqliteAdapter } from './sqlite_adapter.js';

const [port, clientId, clientSecret, redirectUri, database] = process.argv.slice(2);
const { resolve } = createRequire(`${process.env.BENCH_PACKAGES}/`);
const { Provider } = await import(pathToFileURL(resolve('oidc-provider')));

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: database ? sqliteAdapter(database) : MemoryAdapter,
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    },
  ],
  clientBasedCORS: () => false,
  cookies: { keys: ['bench'] },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    // Its own pages for logging in and consenting; once is enough.
    devInteractions: { enabled: true },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'bench' }] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  scopes: ['openid', 'read'],
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 60,
    ClientCredentials: 3600,
    Grant: 14 * 86400,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: 14 * 86400,
    Session: 14 * 86400,
  },
});

provider.listen(Number(port), '127.0.0.1');
