import type { LedgerItem } from '@oauth-token/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { waitFor } from './support/wait-for.js';

interface CallAnswer {
  readonly status: number;
  readonly attempts: number;
  readonly refreshed: boolean;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const IDS = ['2ba', 'veeam', 'empowerid'] as const;

// Scripts without types of their own.
const { childEnvironment } = (await import(
  new URL('../../../tools/process/environment.mjs', import.meta.url).href
)) as { childEnvironment: (added: Record<string, string>) => NodeJS.ProcessEnv };
const { findFreePorts } = (await import(
  new URL('../../../tools/demo/ports.mjs', import.meta.url).href
)) as { findFreePorts: (count: number) => Promise<number[]> };

/** `npm run demo` as a person starts it, on free ports. */
class DemoScript {
  readonly sandboxUrl: string;
  readonly demoUrl: string;
  /** Settles with the exit code, or the signal that ended npm. */
  readonly ended: Promise<number | string | null>;
  output = '';
  readonly #child: ChildProcess;

  constructor(readonly ports: readonly number[]) {
    const [sandbox = 0, http = 0, tcp = 0] = ports;
    this.sandboxUrl = `http://127.0.0.1:${sandbox}`;
    this.demoUrl = `http://127.0.0.1:${http}`;
    const environment = childEnvironment({
      SANDBOX_PORT: String(sandbox),
      PORT: String(http),
      TCP_PORT: String(tcp),
    });
    // What only a test run has.
    for (const name of ['NODE_OPTIONS', 'NODE_ENV', 'JEST_WORKER_ID']) {
      Reflect.deleteProperty(environment, name);
    }
    // A group of its own, as in a terminal: Ctrl-C reaches npm and the script alike.
    this.#child = spawn('npm', ['run', 'demo'], { cwd: ROOT, detached: true, env: environment });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve(signal ?? code);
      });
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ready(): Promise<void> {
    await waitFor('the demo', 120_000, () => {
      if (!this.running) throw new Error(`The demo ended:\n${this.output}`);
      return /^ready: /m.test(this.output);
    });
  }

  signal(name: NodeJS.Signals): void {
    if (this.running && this.#child.pid !== undefined) process.kill(-this.#child.pid, name);
  }

  async control<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    return request(method, `${this.sandboxUrl}/_sandbox/${path}`, body);
  }

  async ledger(): Promise<readonly LedgerItem[]> {
    return (await this.control<{ items: LedgerItem[] }>('GET', 'ledger')).items;
  }

  call(registrationId: string): Promise<CallAnswer> {
    const url = `${this.sandboxUrl}/${registrationId}/api/things`;
    return request('POST', `${this.demoUrl}/call`, { registrationId, url });
  }

  /** Tokens of so many seconds from now on, and a record that begins with them. */
  async startOver(accessTokenLifetimeSeconds: number): Promise<void> {
    await this.control('PUT', 'settings', { accessTokenLifetimeSeconds });
    await this.control('DELETE', 'ledger');
    for (const id of IDS) {
      const { outcome } = await request<{ outcome: string }>(
        'POST',
        `${this.demoUrl}/tokens/${id}/refresh`,
      );
      expect(outcome).toBe('refreshed');
    }
  }
}

async function request<Answer>(method: string, url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

/** Whether nothing listens on a port any more. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

describe('npm run demo', () => {
  let demo: DemoScript;

  beforeAll(async () => {
    demo = new DemoScript(await findFreePorts(3));
    await demo.ready();
  }, 130_000);

  afterAll(async () => {
    demo.signal('SIGTERM');
    await demo.ended;
  }, 30_000);

  it('tells where it is to be found, and that its three registrations have logged in', async () => {
    expect(demo.output).toContain(demo.sandboxUrl);
    expect(demo.output).toContain(`${demo.demoUrl}/tokens`);
    await waitFor('three logins', 10_000, async () => {
      const { items } = await request<{ items: { registrationId: string; state: string }[] }>(
        'GET',
        `${demo.demoUrl}/tokens`,
      );
      const fresh = items.filter(({ state }) => state === 'fresh');
      return IDS.every((id) => fresh.some(({ registrationId }) => registrationId === id));
    });
  }, 15_000);

  it('renews the tokens of all three before they end, while its calls are answered', async () => {
    await demo.startOver(4);
    const issuesOf = (items: readonly LedgerItem[], id: string): readonly LedgerItem[] =>
      items.filter(({ dialect }) => dialect === id);
    await waitFor('a renewal of each', 10_000, async () => {
      for (const id of IDS) expect(await demo.call(id)).toMatchObject({ status: 200, attempts: 1 });
      const items = await demo.ledger();
      return IDS.every((id) => issuesOf(items, id).length >= 2);
    });
    const items = await demo.ledger();
    expect(items.map(({ status, grant }) => `${grant} ${status}`)).toEqual(
      items.map(() => 'refresh_token 200'),
    );
    for (const id of IDS) {
      const [first, second] = issuesOf(items, id);
      expect(second?.at).toBeLessThan(first?.issued?.expiresAt ?? 0);
      expect(second?.refreshToken).toBe(first?.issued?.refreshToken);
      expect(demo.output).toMatch(new RegExp(`${id} renewed \\(due\\)`));
    }
  }, 20_000);

  it('sends a call again after its token was revoked, with one token request', async () => {
    await demo.startOver(120);
    await demo.control('DELETE', 'ledger');
    await demo.control('POST', 'revoke', { dialect: '2ba', accessTokens: true });
    expect(await demo.call('2ba')).toMatchObject({ status: 200, attempts: 2, refreshed: true });
    expect((await demo.ledger()).map(({ dialect, status }) => `${dialect} ${status}`)).toEqual([
      '2ba 200',
    ]);
    expect(await demo.call('2ba')).toMatchObject({ status: 200, attempts: 1, refreshed: false });
  });

  it('stops both on Ctrl-C and leaves nothing behind', async () => {
    demo.signal('SIGINT');
    // npm passes a signal on to itself once its script has ended.
    expect([0, 'SIGINT']).toContain(await demo.ended);
    for (const port of demo.ports) expect(await isFree(port)).toBe(true);
    expect(demo.output).not.toMatch(/\bERROR\b|\bWARN\b|not renewed|UnhandledPromise/);
  }, 20_000);
});
