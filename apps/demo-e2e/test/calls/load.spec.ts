import { MemoryTokenStore } from '@oauth-token/core';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { SandboxBench } from '../support/sandbox-bench.js';
import { Desk } from './support/desk.js';
import { Network } from './support/network.js';
import { type Answer, type SendCall, SKINS } from './support/skins.js';

/** Plain, for the sake of speed. */
const API = 'http://127.0.0.1:7000';

/** A third of them for each replica. */
const CALLS = 1_002;

describe.each(SKINS)('over $name', ({ name, form: makeForm, make }) => {
  let bench: SandboxBench;
  let network: Network;

  beforeEach(async () => {
    bench = new SandboxBench();
    network = new Network([API]);
    await Promise.all([bench.sandbox.start(), network.start()]);
  });
  afterEach(async () => {
    await bench.stop();
    await network.stop();
  });

  /** Three replicas over one store. */
  const replicas = async (): Promise<SendCall[]> => {
    const store = new MemoryTokenStore();
    const registration = bench.registration('oidc', { allowedOrigins: [API] });
    const managers = [1, 2, 3].map(() => bench.manager(registration, { store }));
    for (const manager of managers) await manager.getAccessToken('oidc');
    return managers.map((manager) => make(network, manager.source('oidc')));
  };

  /** The API takes the newest token alone. */
  let good = '';
  const judgeBearers = (): void => {
    network.api.answer = (call, response) => {
      response.writeHead(call.headers.authorization === `Bearer ${good}` ? 200 : 401).end();
    };
  };

  it('1,000 calls in flight over 3 replicas on a revoked token cost one token request', async () => {
    const senders = await replicas();
    const waiting: (() => void)[] = [];
    let revoked: string | undefined;
    network.api.answer = (call, response) => {
      const { authorization } = call.headers;
      revoked ??= authorization;
      const answer = (): void => {
        response.writeHead(authorization === revoked ? 401 : 200).end();
      };
      // All are under way before the first is told.
      if (authorization !== revoked) {
        answer();
        return;
      }
      waiting.push(answer);
      if (waiting.length === CALLS) for (const tell of waiting) tell();
    };
    const before = bench.requests().length;
    const calls = Array.from({ length: CALLS }, (_, index) =>
      (senders[index % 3] as SendCall)(`${API}/items/${index}`),
    );
    const answers = await Promise.all(calls);
    const outcomes = new Set(answers.map(({ status, attempts }) => `${status} ${attempts}`));
    expect(outcomes).toEqual(new Set(['200 2']));
    expect(network.api.calls).toHaveLength(2 * CALLS);
    expect(bench.requests().slice(before)).toEqual([['refresh_token', 200]]);
  }, 60_000);

  it('an API that always answers 401 costs two calls per request and one renewal', async () => {
    const senders = await replicas();
    judgeBearers();
    const before = bench.requests().length;
    const answers: Answer[] = [];
    for (let call = 0; call < 30; call += 1) {
      answers.push(await (senders[call % 3] as SendCall)(API));
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(network.api.calls.length).toBeLessThanOrEqual(60);
    expect(bench.requests().length - before).toBe(1);
  }, 60_000);

  describe('an upload of 5 MB that meets a 401', () => {
    const bytes = Buffer.alloc(5_000_000, 'a upload ');
    const hash = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
    let desk: Desk;
    let send: SendCall;

    beforeEach(() => {
      desk = new Desk([API]);
      send = make(network, desk);
      good = 'token-2';
      judgeBearers();
    });

    it('arrives whole twice as a Buffer', async () => {
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await send(API, { method: 'POST', body: bytes, headers });
      expect(answer).toMatchObject({ status: 200, attempts: 2 });
      const seen = network.api.calls.map(({ body }) => hash(body));
      expect(seen).toEqual([hash(bytes), hash(bytes)]);
    });

    it('arrives whole twice as a form', async () => {
      const form = makeForm() as FormData;
      form.append('file', new Blob([bytes]), 'a.bin');
      const headers = name.startsWith('axios') ? { 'content-type': 'multipart/form-data' } : {};
      const answer = await send(API, { method: 'POST', body: form, headers });
      expect(answer).toMatchObject({ status: 200, attempts: 2 });
      for (const { body } of network.api.calls) {
        const start = body.indexOf('\r\n\r\n') + 4;
        expect(hash(body.subarray(start, start + bytes.length))).toBe(hash(bytes));
        expect(body.subarray(start + bytes.length).toString()).toMatch(/^\r\n--.+--\r\n$/);
      }
    });

    it('arrives whole once as a stream; its caller gets the 401, and the next call succeeds', async () => {
      const body = Readable.from([bytes.subarray(0, 3_000_000), bytes.subarray(3_000_000)]);
      const headers = { 'content-type': 'application/octet-stream' };
      const call = { method: 'POST', body, headers, duplex: 'half' };
      expect(await send(API, call)).toMatchObject({ status: 401, attempts: 1, retryable: false });
      expect(network.api.calls.map((seen) => hash(seen.body))).toEqual([hash(bytes)]);
      expect(await send(API, { method: 'POST', body: bytes, headers })).toMatchObject({
        status: 200,
        attempts: 1,
      });
    });
  });
});
