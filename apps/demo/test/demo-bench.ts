import { ClientProxyFactory, type ClientProxy, Transport } from '@nestjs/microservices';
import { SandboxServer } from '@oauth-token/testing';
import { firstValueFrom } from 'rxjs';
import { loadConfiguration } from '../src/settings/demo-configuration.js';
import { type RunningDemo, startDemo } from '../src/start-demo.js';

/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A demo on free ports with a sandbox of its own. */
export class DemoBench {
  readonly #sandboxes: SandboxServer[] = [];
  readonly #demos: RunningDemo[] = [];
  readonly #clients: ClientProxy[] = [];

  async sandbox(): Promise<SandboxServer> {
    const sandbox = new SandboxServer();
    await sandbox.start();
    this.#sandboxes.push(sandbox);
    return sandbox;
  }

  async start(environment: NodeJS.ProcessEnv): Promise<RunningDemo> {
    const quiet = { PORT: '0', TCP_PORT: '0', LOG_LEVEL: 'fatal' };
    const demo = await startDemo(loadConfiguration({ ...quiet, ...environment }));
    this.#demos.push(demo);
    return demo;
  }

  /** Sends a message and waits for its answer. */
  async message(demo: RunningDemo, pattern: string, data: unknown): Promise<unknown> {
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: demo.tcpPort },
    });
    this.#clients.push(client);
    return firstValueFrom(client.send<unknown>(pattern, data));
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close();
    for (const { app } of this.#demos.splice(0)) await app.close();
    for (const sandbox of this.#sandboxes.splice(0)) await sandbox.stop();
  }
}

/** Asks the demo, with a JSON body where one is given. */
export async function ask(
  { httpUrl }: RunningDemo,
  request: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${httpUrl}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const type = answer.headers.get('content-type');
  return { status: answer.status, type, headers: answer.headers, body: await answer.json() };
}
