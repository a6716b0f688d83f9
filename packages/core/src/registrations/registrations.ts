import { ConfigurationError, RegistrationNotFoundError } from '../errors/errors.js';
import type { ClientRegistration, RegistrationSource } from '../model/client-registration.js';
import { canonicalKey, type TokenKey, type TokenKeyInput } from '../model/token-key.js';
import { compact } from '../util/compact.js';
import { validateRegistration, validateRegistrations } from './validate-registrations.js';

/**
 * The client registrations: a checked list, or a source that is asked at run time.
 *
 * @internal
 */
export class Registrations {
  readonly #known: ReadonlyMap<string, ClientRegistration> | undefined;
  readonly #source: RegistrationSource | undefined;

  /** @throws {@link ConfigurationError} naming every problem of a list */
  constructor(registrations: readonly ClientRegistration[] | RegistrationSource) {
    if ('find' in registrations && !Array.isArray(registrations)) {
      this.#source = registrations as RegistrationSource;
      return;
    }
    const list = registrations as readonly ClientRegistration[];
    const problems = validateRegistrations(list);
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.#known = new Map(list.map((entry) => [entry.registrationId, entry]));
  }

  /** All that are known now, where that can be told. */
  async list(): Promise<readonly ClientRegistration[]> {
    if (this.#known !== undefined) return [...this.#known.values()];
    return (await this.#source?.list?.()) ?? [];
  }

  /** @throws {@link RegistrationNotFoundError} at once when a list does not hold the id */
  check(registrationId: string): void {
    if (this.#known !== undefined && !this.#known.has(registrationId)) {
      throw new RegistrationNotFoundError(registrationId, [...this.#known.keys()]);
    }
  }

  async find(registrationId: string): Promise<ClientRegistration | undefined> {
    if (this.#known !== undefined) return this.#known.get(registrationId);
    const found = await this.#source?.find(registrationId);
    if (found === undefined) return undefined;
    const problems = validateRegistration(found, `registrations['${registrationId}']`);
    if (problems.length > 0) throw new ConfigurationError(problems);
    return found;
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

/** The key of an input as written, an empty text being no subject at all. @internal */
export function toKey(input: TokenKeyInput): TokenKey {
  if (typeof input === 'string') return { registrationId: input };
  const { registrationId, subject, scope, resource } = input;
  return compact({ registrationId, subject, scope, resource });
}

const sameSet = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  canonicalKey(compact({ registrationId: '', scope: a })) ===
  canonicalKey(compact({ registrationId: '', scope: b }));
