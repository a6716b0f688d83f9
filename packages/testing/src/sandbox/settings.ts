import { numberBetween, oneOf, orNull, readInput } from './control-input.js';
import { DIALECT_NAMES, type DialectName } from './dialect.js';

/** How one dialect issues and judges tokens. @public */
export interface DialectSettings {
  /** Of access tokens issued from now on. */
  readonly accessTokenLifetimeSeconds: number;
  /** Of refresh tokens issued from now on; `null` for no end. */
  readonly refreshTokenLifetimeSeconds: number | null;
  /** Whether a refresh spends the refresh token and brings a new one. */
  readonly rotation: 'always' | 'never';
  /** What a second use of a spent refresh token does: end all tokens of its login, or be refused and nothing more. */
  readonly reuse: 'revokeFamily' | 'reject';
  /** For so long after its first use a refresh token may be repeated, unless its successor was used. */
  readonly graceSeconds: number;
  /** How far the server's clock is ahead: in the `Date` header, and in the expiry times that an answer names. */
  readonly dateOffsetSeconds: number;
}

/** A change of settings, of one dialect or of all. @public */
export interface SettingsChange extends Partial<DialectSettings> {
  readonly dialect?: DialectName;
}

const common = {
  refreshTokenLifetimeSeconds: null,
  rotation: 'always',
  reuse: 'revokeFamily',
  graceSeconds: 0,
  dateOffsetSeconds: 0,
} as const;

/** The settings of a sandbox that was given no others. @public */
export const DEFAULT_SETTINGS: Readonly<Record<DialectName, DialectSettings>> = {
  '2ba': { ...common, accessTokenLifetimeSeconds: 120 },
  veeam: { ...common, accessTokenLifetimeSeconds: 1800, refreshTokenLifetimeSeconds: 86_400 },
  empowerid: { ...common, accessTokenLifetimeSeconds: 3600 },
  oidc: { ...common, accessTokenLifetimeSeconds: 300 },
};

/** Some centuries: the longest span whose end a date of four digits can still write. */
const MOST_SECONDS = 1e10;

const CHECKS = {
  dialect: oneOf(...DIALECT_NAMES),
  accessTokenLifetimeSeconds: numberBetween(0.001, MOST_SECONDS),
  refreshTokenLifetimeSeconds: orNull(numberBetween(0.001, MOST_SECONDS)),
  rotation: oneOf('always', 'never'),
  reuse: oneOf('revokeFamily', 'reject'),
  graceSeconds: numberBetween(0, MOST_SECONDS),
  dateOffsetSeconds: numberBetween(-MOST_SECONDS, MOST_SECONDS),
};

/**
 * The present settings of every dialect.
 *
 * @internal
 */
export class SandboxSettings {
  #byDialect: Readonly<Record<DialectName, DialectSettings>> = DEFAULT_SETTINGS;

  of(dialect: DialectName): DialectSettings {
    return this.#byDialect[dialect];
  }

  all(): Readonly<Record<DialectName, DialectSettings>> {
    return this.#byDialect;
  }

  /** @throws {@link ControlInputError} naming each bad field */
  change(input: unknown): void {
    const { dialect, ...change } = readInput<SettingsChange>(input, CHECKS);
    const next = { ...this.#byDialect };
    for (const name of dialect === undefined ? DIALECT_NAMES : [dialect]) {
      next[name] = { ...next[name], ...change };
    }
    this.#byDialect = next;
  }
}
