import type { TokenManagerOptions } from '@oauth-token/core';

/** How the background sweep runs. @public */
export interface RefresherOptions {
  /** @defaultValue true */
  readonly enabled?: boolean;
  /** When the sweep ticks; with or without seconds. @defaultValue every 5 seconds */
  readonly cron?: string;
  /** The most keys claimed at once. @defaultValue 100 */
  readonly batchSize?: number;
  /** The most renewals at one time in this process. @defaultValue 20 */
  readonly concurrency?: number;
}

/** The options of `OAuthTokenModule.forRoot`. @public */
export interface OAuthTokenModuleOptions extends Pick<
  TokenManagerOptions,
  'registrations' | 'store' | 'lock' | 'spill' | 'subject' | 'timing'
> {
  /** The cron that renews ahead; `false` for a process that leaves it to others. */
  readonly refresher?: RefresherOptions | false;
  /** Longest wait for token requests under way at each of the two steps of a shutdown, ms. @defaultValue 20000 */
  readonly shutdownTimeoutMs?: number;
}

/** Makes the options, for `useClass` and `useExisting`. @public */
export interface OAuthTokenOptionsFactory {
  createOAuthTokenOptions(): OAuthTokenModuleOptions | Promise<OAuthTokenModuleOptions>;
}
