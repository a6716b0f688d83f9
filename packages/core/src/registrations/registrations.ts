import {
  ConfigurationError,
  RegistrationNotFoundError,
  TokenUnavailableError,
} from '../errors/errors.js';
import type { ClientRegistration, RegistrationSource } from '../model/client-registration.js';
import { canonicalKey, type TokenKey, type TokenKeyInput } from '../model/token-key.js';
import { type Clock, systemClock } from '../timing/clock.js';
import { compact } from '../util/compact.js';
import { withDeadline } from '../util/with-deadline.js';
import { validateRegistration, validateRegistrations } from './validate-registrations.js';

/** Longest wait for a source, ms. */
const SOURCE_MS = 10_000;

/**
 * The client registrations: a checked list, or a source that is asked at run time.
 *
 * @internal
 */
export class Registrations {
  readonly #known: ReadonlyMap<string, ClientRegistration> | undefined;
  readonly #source: RegistrationSource | undefined;

  /** @throws {@link ConfigurationError} naming every problem of a list */
  constructor(
    registrations: readonly ClientRegistration[] | RegistrationSource,
    private readonly clock: Clock = systemClock,
  ) {
    if ('find' in registrations && !Array.isArray(registrations)) {
      this.#source = registrations as RegistrationSource;
      return;
    }
    const list = registrations as readonly ClientRegistration[];
    const problems = validateRegistrations(list);
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.#known = new Map(list.map((entry) => [entry.registrationId, entry]));
  }

  /** All that are known now, where that can be told; none of a source that does not answer. */
  async list(): Promise<readonly ClientRegistration[]> {
    if (this.#known !== undefined) return [...this.#known.values()];
    const asked = this.#source?.list?.() ?? Promise.resolve([]);
    const found = await withDeadline(asked, this.clock, SOURCE_MS);
    if (typeof found !== 'string') return found;
    const message = `The registration source has not answered list() within ${SOURCE_MS} ms; it counts as empty for now.`;
    process.emitWarning(message, { code: 'OAUTH_TOKEN_REGISTRATIONS' });
    return [];
  }

  /** The registration of an id, where a list holds it. */
  known(registrationId: string): ClientRegistration | undefined {
    return this.#known?.get(registrationId);
  }

  /** @throws {@link RegistrationNotFoundError} at once when a list does not hold the id */
  check(registrationId: string): void {
    if (this.#known !== undefined && !this.#known.has(registrationId)) {
      throw new RegistrationNotFoundError(registrationId, [...this.#known.keys()]);
    }
  }

  async find(registrationId: string): Promise<ClientRegistration | undefined> {
    if (this.#known !== undefined) return this.#known.get(registrationId);
    const found = await this.#ask(registrationId);
    if (found === undefined) return undefined;
    const path = `registrations['${registrationId}']`;
    const problems = validateRegistration(found, path);
    if (found.registrationId !== registrationId) {
      const message = `the source answered '${found.registrationId}' instead.`;
      problems.push({ path: `${path}.registrationId`, message });
    }
    if (problems.length > 0) throw new ConfigurationError(problems);
    return found;
  }

  async #ask(registrationId: string): Promise<ClientRegistration | undefined> {
    const asked = this.#source?.find(registrationId) ?? Promise.resolve(undefined);
    const found = await withDeadline(asked, this.clock, SOURCE_MS);
    if (typeof found !== 'string') return found;
    throw new TokenUnavailableError({
      registrationId,
      outcome: 'transient',
      reason: `the registration source has not answered within ${SOURCE_MS} ms.`,
    });
  }

  /** @throws {@link RegistrationNotFoundError} */
  async require(registrationId: string): Promise<ClientRegistration> {
    const found = await this.find(registrationId);
    if (found !== undefined) return found;
    throw new RegistrationNotFoundError(registrationId, [...(this.#known?.keys() ?? [])]);
  }

  /** The key that an input names: scope and resource are left out where they are the registration's own. */
  async keyOf(input: TokenKeyInput): Promise<TokenKey> {
    const key = toKey(input);
    const registration = await this.require(key.registrationId);
    if (key.scope === undefined && key.resource === undefined) return key;
    return compact({
      ...key,
      scope: sameSet(key.scope, registration.scope) ? undefined : key.scope,
      resource: sameSet(key.resource, registration.resource) ? undefined : key.resource,
    });
  }
}

/** The key of an input as written. @internal */
export function toKey(input: TokenKeyInput): TokenKey {
  if (typeof input === 'string') return { registrationId: input };
  const { registrationId, subject, scope, resource } = input;
  return compact({ registrationId, subject, scope, resource });
}

const sameSet = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  canonicalKey(compact({ registrationId: '', scope: a })) ===
  canonicalKey(compact({ registrationId: '', scope: b }));
