import type { LogLevel } from '@nestjs/common';
import type { ConfigurationProblem } from '@oauth-token/core';
import { validateCronExpression } from 'cron';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { zodProblems } from '../input/zod-problems.js';
import { isLoopbackHost } from './loopback.js';
import { readStoreSettings, type StoreSettings } from './store-settings.js';

/** From the wordiest to the tersest; each includes those after it. */
const LOG_LEVELS = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const;

const DEFAULT_SANDBOX_URL = 'http://127.0.0.1:4000';

const DEFAULT_REGISTRATIONS_FILE = fileURLToPath(
  new URL('../../config/registrations.yaml', import.meta.url),
);

/** What changes nothing while tokens live in memory. */
const WITHOUT_REDIS = [
  'TOKEN_KEYS',
  'TOKEN_ID_KEY',
  'KEY_PREFIX',
  'INSECURE_PLAINTEXT',
  'SPILL_DIR',
] as const;

const HOST_NAME = /^[\w.:-]+$/;

const port = (fallback: number) =>
  z
    .string()
    .refine((value) => /^\d{1,5}$/.test(value) && Number(value) <= 65_535, {
      error: 'is not a port from 0 to 65535 (0: any free one).',
    })
    .transform(Number)
    .default(fallback);

const isOrigin = (value: string): boolean =>
  URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && isBare(new URL(value));

const isOpenToOthers = (host: string): boolean => HOST_NAME.test(host) && !isLoopbackHost(host);

const isBare = (url: URL): boolean => url.href === `${url.origin}/`;

const isLogLevel = (value: string): boolean =>
  value === 'info' || (LOG_LEVELS as readonly string[]).includes(value);

/** Each variable of the demo's environment by itself. */
const variables = z.object({
  PORT: port(3000),
  TCP_PORT: port(3001),
  HOST: z.string().regex(HOST_NAME, 'is not a host name or an address.').default('127.0.0.1'),
  SANDBOX_URL: z
    .string()
    .refine(isOrigin, { error: `is not an origin such as ${DEFAULT_SANDBOX_URL}.` })
    .transform((value) => new URL(value).origin)
    .default(DEFAULT_SANDBOX_URL),
  REGISTRATIONS_FILE: z.string().default(DEFAULT_REGISTRATIONS_FILE),
  API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces: it travels in a header.')
    .exactOptional(),
  REFRESH_CRON: z
    .string()
    .refine((value) => validateCronExpression(value).valid, {
      error: "is not a cron expression; write it like '*/5 * * * * *' (every 5 seconds).",
    })
    .exactOptional(),
  LOG_LEVEL: z
    .string()
    .refine(isLogLevel, { error: `must be one of ${LOG_LEVELS.join(', ')}.` })
    .transform((value) => (value === 'info' ? 'log' : (value as LogLevel)))
    .default('log'),
  // The store's own, read together by `readStoreSettings`.
  REDIS_URL: z.string().exactOptional(),
  TOKEN_KEYS: z.string().exactOptional(),
  TOKEN_ID_KEY: z.string().exactOptional(),
  KEY_PREFIX: z.string().exactOptional(),
  INSECURE_PLAINTEXT: z
    .enum(['true', 'false'], { error: 'must be true or false.' })
    .exactOptional(),
  SPILL_DIR: z.string().exactOptional(),
});

/** The environment of the demo. */
const environmentSchema = variables
  // `when`: these too are told when something else is wrong.
  .refine(({ HOST, API_KEY }) => API_KEY !== undefined || !isOpenToOthers(HOST), {
    error:
      'is needed, because HOST is not loopback: without a key anyone who reaches the demo could use its tokens.',
    path: ['API_KEY'],
    when: ({ value }) => typeof (value as { HOST?: unknown }).HOST === 'string',
  })
  .refine(({ PORT, TCP_PORT }) => PORT !== TCP_PORT || PORT === 0 || !Number.isInteger(PORT), {
    error: 'is the same as PORT; give them different ports.',
    path: ['TCP_PORT'],
    when: () => true,
  });

/** The settings of one replica. @internal */
export interface Settings {
  readonly host: string;
  /** 0 for any free one, here and below. */
  readonly httpPort: number;
  readonly tcpPort: number;
  /** Without a slash at the end. */
  readonly sandboxUrl: string;
  readonly registrationsFile: string;
  readonly apiKey?: string;
  readonly refreshCron?: string;
  /** As Nest wants them: the chosen one and all that matter more. */
  readonly logLevels: LogLevel[];
  /** Where tokens are kept; in memory where it is absent. */
  readonly store?: StoreSettings;
  /** Variables that were given and change nothing. */
  readonly withoutEffect: readonly string[];
}

/** The settings, and what is wrong with them; where something is, its default stands in. @internal */
export interface SettingsReading {
  readonly settings: Settings;
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads the settings from the environment. An empty variable counts as unset.
 *
 * @internal
 */
export function readSettings(environment: NodeJS.ProcessEnv): SettingsReading {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const result = environmentSchema.safeParse(given);
  const { store, problems } = readStoreSettings(given);
  if (result.success) return { settings: toSettings(result.data, store), problems };
  const others = zodProblems(result.error);
  const bad = new Set(others.map(({ path }) => path));
  const good = variables.parse(
    Object.fromEntries(Object.entries(given).filter(([name]) => !bad.has(name))),
  );
  return { settings: toSettings(good, store), problems: [...others, ...problems] };
}

function toSettings(
  environment: z.infer<typeof variables>,
  store: StoreSettings | undefined,
): Settings {
  const { API_KEY: apiKey, REFRESH_CRON: refreshCron, REDIS_URL } = environment;
  const withoutEffect = REDIS_URL === undefined ? WITHOUT_REDIS : [];
  return {
    host: environment.HOST,
    httpPort: environment.PORT,
    tcpPort: environment.TCP_PORT,
    sandboxUrl: environment.SANDBOX_URL,
    registrationsFile: environment.REGISTRATIONS_FILE,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(refreshCron === undefined ? {} : { refreshCron }),
    logLevels: LOG_LEVELS.slice(LOG_LEVELS.indexOf(environment.LOG_LEVEL)),
    ...(store === undefined ? {} : { store }),
    withoutEffect: withoutEffect.filter((name) => environment[name] !== undefined),
  };
}
