import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { OAUTH_TOKEN_CLOCK, OAUTH_TOKEN_RANDOM } from '../src/index.js';
import { ManualClock } from './manual-clock.js';
import { Servers } from './servers.js';

/** Log lines as an application's logger got them. */
export class RecordingLogger implements LoggerService {
  readonly lines: { readonly level: string; readonly text: string; readonly context: string }[] =
    [];
  readonly log = this.#write('log');
  readonly error = this.#write('error');
  readonly warn = this.#write('warn');
  readonly debug = this.#write('debug');

  /** The lines of the library. */
  get own(): string[] {
    return this.lines
      .filter(({ context }) => context === 'OAuthToken')
      .map(({ level, text }) => `${level} ${text}`);
  }

  #write(level: string) {
    return (message: unknown, ...rest: unknown[]): void => {
      this.lines.push({ level, text: String(message), context: String(rest.at(-1)) });
    };
  }
}

/** What a spec works with; made before each test and closed after it. */
export interface Bench {
  readonly servers: Servers;
  readonly clock: ManualClock;
  readonly logger: RecordingLogger;
  /** An application that has booted. */
  boot(imports: ModuleMetadata['imports'], more?: ModuleMetadata): Promise<TestingModule>;
}

/** Sets up the bench of a spec file. */
export function useBench(options: { readonly random?: number } = {}): Bench {
  const bench = {} as { -readonly [Member in keyof Bench]: Bench[Member] };
  const modules: TestingModule[] = [];
  beforeEach(async () => {
    bench.servers = await Servers.start();
    bench.clock = new ManualClock();
    bench.logger = new RecordingLogger();
  });
  afterEach(async () => {
    await Promise.all(modules.splice(0).map((module) => module.close()));
    await bench.servers.close();
  });
  bench.boot = async (imports, more = {}) => {
    const module = await Test.createTestingModule({ ...more, imports: imports ?? [] })
      .overrideProvider(OAUTH_TOKEN_CLOCK)
      .useValue(bench.clock)
      .overrideProvider(OAUTH_TOKEN_RANDOM)
      .useValue(() => options.random ?? 0.5)
      .setLogger(bench.logger)
      .compile();
    // A start that failed has nothing to close, and its shutdown hooks do not run.
    await module.init();
    modules.push(module);
    return module;
  };
  return bench;
}

/** Waits until something is true; fails loudly when it does not become so. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 500; round += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('It did not come true.');
}
