import { createServer } from 'node:http';
import { URLSearchParams } from 'node:url';

import { tokenTexts } from '../harness/token-text.mjs';
import { answerCalls } from '../harness/worker.mjs';

/**
 * A trivial token endpoint with one-time refresh tokens: `<family>.<number>.<text>`. The first use of each number is
 * answered after the latency with the next one; any other use is counted and refused.
 */

/** The number that a family is at. @type {Map<string, number>} */
const families = new Map();
const counts = { requests: 0, refused: 0 };
let latencyMs = 0;

/** The text of tokens costs the endpoint nothing: it is made once. */
const text = tokenTexts('');

/** @param {string} body @returns {{ status: number, answer: string }} */
function refresh(body) {
  counts.requests += 1;
  const sent = new URLSearchParams(body).get('refresh_token') ?? '';
  const [family = '', number] = sent.split('.', 2);
  const current = families.get(family) ?? 0;
  if (Number(number) !== current) {
    counts.refused += 1;
    return { status: 400, answer: '{"error":"invalid_grant"}' };
  }
  families.set(family, current + 1);
  const mark = `${family}.${current + 1}.`;
  const answer = {
    access_token: text.accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: mark + text.refreshToken.slice(mark.length),
  };
  return { status: 200, answer: JSON.stringify(answer) };
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const { status, answer } = refresh(body);
    const send = () => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(answer);
    };
    if (latencyMs === 0) send();
    else setTimeout(send, latencyMs);
  });
});

answerCalls({
  /** @returns {Promise<string>} the URL of the endpoint */
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
        resolve(`http://127.0.0.1:${port}/token`);
      });
    }),
  /** @param {number} milliseconds */
  setLatency: (milliseconds) => {
    latencyMs = milliseconds;
  },
  /** What was counted since the last time. */
  takeCounts: () => {
    const taken = { ...counts };
    counts.requests = counts.refused = 0;
    return taken;
  },
});
