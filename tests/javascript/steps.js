// How a client and the test that drives it speak: the test is the browser.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// What the client knows: {issuer, id, secret, redirectUri, method, me}.
export const given = JSON.parse(process.argv[2]);

// Lets the user go to an address, and gives the one to which she is led back.
export async function visit(url) {
  process.stdout.write(`${JSON.stringify({ visit: String(url) })}\n`);
  return (await lines.next()).value;
}

export async function tell(found) {
  await new Promise((done) => process.stdout.write(`${JSON.stringify({ found })}\n`, done));
  process.exit(0);
}

// Gives the error code that the library read, else the status that it saw.
export const failure = (promise) =>
  promise.then(() => 'nothing', (error) => error.error ?? error.data?.payload?.error ?? error.status ?? String(error));
