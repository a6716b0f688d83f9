import {
  ConfigurationError,
  type ConfigurationProblem,
  type TokenManagerOptions,
  validateRegistrations,
} from '@oauth-token/core';
import { validateCronExpression } from 'cron';
import type { OAuthTokenModuleOptions, RefresherOptions } from './oauth-token.options.js';

/** The module's options, checked and filled in. @internal */
export interface ResolvedOptions {
  readonly engine: TokenManagerOptions;
  readonly refresher: ResolvedRefresherOptions | false;
  readonly shutdownTimeoutMs: number;
}

/** The refresher's options, filled in. @internal */
export interface ResolvedRefresherOptions {
  readonly cron: string;
  readonly batchSize: number;
  readonly concurrency: number;
}

const EVERY_5_SECONDS = '*/5 * * * * *';

/**
 * Checks the options and fills them in.
 *
 * @throws {@link ConfigurationError} naming every problem at once
 * @internal
 */
export function resolveOptions(options: OAuthTokenModuleOptions): ResolvedOptions {
  const problems = [
    ...registrationProblems(options),
    ...refresherProblems(options.refresher),
    ...numberProblems('timing', { ...options.timing }),
    ...numberProblems('', { shutdownTimeoutMs: options.shutdownTimeoutMs }),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const { refresher, shutdownTimeoutMs = 20_000, ...engine } = options;
  return { engine, refresher: resolveRefresher(refresher), shutdownTimeoutMs };
}

function resolveRefresher(
  refresher: RefresherOptions | false = {},
): ResolvedRefresherOptions | false {
  if (refresher === false || refresher.enabled === false) return false;
  const { cron = EVERY_5_SECONDS, batchSize = 100, concurrency = 20 } = refresher;
  return { cron, batchSize, concurrency };
}

function registrationProblems({ registrations }: OAuthTokenModuleOptions): ConfigurationProblem[] {
  // Programs in JavaScript and half-written factories reach this without the compiler's help.
  const given = registrations as { find?: unknown } | undefined;
  if (Array.isArray(registrations)) return validateRegistrations(registrations);
  if (typeof given?.find === 'function') return [];
  const message = 'must be a list of client registrations, or a source with a find(id) method.';
  return [{ path: 'registrations', message }];
}

function refresherProblems(refresher: RefresherOptions | false = {}): ConfigurationProblem[] {
  if (refresher === false) return [];
  const { cron = EVERY_5_SECONDS, batchSize, concurrency } = refresher;
  const problems = numberProblems('refresher', { batchSize, concurrency });
  const { valid, error } = validateCronExpression(cron);
  if (valid) return problems;
  const why = error instanceof Error ? ` (${error.message})` : '';
  const message = `'${cron}' is not a cron expression${why}; write it like '${EVERY_5_SECONDS}'.`;
  return [{ path: 'refresher.cron', message }, ...problems];
}

function numberProblems(parent: string, values: object): ConfigurationProblem[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined || (typeof value === 'number' && value > 0)) return [];
    const path = parent === '' ? name : `${parent}.${name}`;
    return [{ path, message: 'must be a positive number.' }];
  });
}
