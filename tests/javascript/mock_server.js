// npm oauth2-mock-server, which asks nobody and knows no client: node mock_server.js
//
// Prints {"url"} once it listens; GET /log gives the forms that its token endpoint got. The query of GET /lie changes
// what it says next: claim.NAME of the ID token, answer.NAME of the token endpoint.
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
const log = [];
let lies = {};

server.service.on('beforeTokenSigning', (token, request) => {
  if (!('aud' in token.payload)) return;
  for (const [name, value] of Object.entries(lies)) {
    if (name.startsWith('claim.')) token.payload[name.slice(6)] = value;
  }
});
server.service.on('beforeResponse', (answer, request) => {
  log.push({ ...request.body, authorization: request.headers.authorization ?? null });
  for (const [name, value] of Object.entries(lies)) {
    if (name.startsWith('answer.')) answer.body[name.slice(7)] = value;
  }
});
server.service.on('beforeRevoke', () => log.push({ revoked: true }));
server.service.addRoute('GET', '/log', (request, response) => response.end(JSON.stringify(log)));
server.service.addRoute('GET', '/lie', (request, response) => {
  lies = request.query;
  response.end('{}');
});
server.service.addRoute('GET', '/api/things', (request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ by: request.headers.authorization.slice(0, 7) }));
});

await server.start(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ url: server.issuer.url })}\n`);
