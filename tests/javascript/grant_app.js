// A web application that logs its users in with npm grant: node grant_app.js
//
// Prints {"url"} once it listens; POST /settings says whose client it is. GET /connect/applinks begins, and it ends at
// GET /done, which says what grant got and whose it is.
import { createServer } from 'node:http';

import grant from 'grant';

let app;
let me;

const server = createServer(async (request, response) => {
  if (request.url === '/settings') {
    const given = JSON.parse(await read(request));
    me = given.me;
    app = grant.node({ config: configure(given), session: { secret: 'the cookie of a test' } });
    response.end('{}');
    return;
  }
  const { session, redirect } = await app(request, response);
  if (redirect) return;
  const { response: got } = (await session.get()).grant;
  const asked = await fetch(me, { headers: { Authorization: `Bearer ${got.access_token}` } });
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ error: got.error ?? null, tokens: got.raw ?? null, me: await asked.json() }));
}).listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ url: origin() })}\n`));

const origin = () => `http://127.0.0.1:${server.address().port}`;

function configure({ metadata, id, secret, method }) {
  return {
    defaults: { origin: origin(), transport: 'session', state: true },
    applinks: {
      oauth: 2,
      pkce: true,
      authorize_url: metadata.authorization_endpoint,
      access_url: metadata.token_endpoint,
      token_endpoint_auth_method: method,
      key: id,
      secret,
      scope: ['profile', 'email'],
      scope_delimiter: ' ',
      response: ['tokens', 'raw'],
      callback: '/done',
    },
  };
}

async function read(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}
