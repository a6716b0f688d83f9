import { isStoreUnavailableError } from '../errors/errors.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import { EMPTY_RECORD } from '../record/record-state.js';
import { mergeTokens } from '../refresh/merge-tokens.js';
import { selfLoginGrant } from '../refresh/self-login.js';
import { tokenFacts } from '../refresh/token-facts.js';
import type { TokenRecord } from '../store/token-store.js';
import { longestTimeout } from '../timing/timing-policy.js';
import { SingleFlight } from '../util/single-flight.js';
import type { Engine } from './engine.js';

/**
 * Tokens for the time in which the store is away: only of grants that bring no refresh token, so that nothing rotates unseen.
 *
 * @internal
 */
export class StorelessTokens {
  readonly #flights = new SingleFlight<TokenRecord | undefined>();

  constructor(private readonly engine: Engine) {}

  /**
   * The token in memory to its very end, or one that needs no store.
   *
   * @throws the error of the store when there is neither
   */
  async serve(key: TokenKey, known: TokenRecord | undefined, error: unknown): Promise<TokenRecord> {
    const { accessToken = '', expiresAt = 0 } = known?.tokens ?? {};
    if (known !== undefined && accessToken !== '' && expiresAt > this.engine.time.now()) {
      return known;
    }
    if (!isStoreUnavailableError(error)) throw error;
    // What the store says later is at least as new as what is known.
    const version = known?.state.version ?? 0;
    const fetched = await this.#flights.run(canonicalKey(key), () => this.#fetch(key, version));
    if (fetched === undefined) throw error;
    return fetched;
  }

  async #fetch(key: TokenKey, version: number): Promise<TokenRecord | undefined> {
    const { registrations, endpoint, store, random, clock } = this.engine;
    const registration = await registrations.require(key.registrationId);
    const grant = await selfLoginGrant(registration, key, clock).catch(() => undefined);
    if (grant?.type !== 'client_credentials') return undefined;
    const { provider, http } = registration;
    const timeoutMs = http?.timeoutMs ?? longestTimeout(provider.refreshTokenReuse);
    const answer = await endpoint.request({ registration, key, grant, timeoutMs });
    if (answer.outcome !== 'refreshed' || answer.tokens.accessToken === undefined) return undefined;
    const tokens = mergeTokens(undefined, answer.tokens);
    const facts = await tokenFacts(store, provider, tokens, random(), () => Promise.resolve(true));
    const state = { ...EMPTY_RECORD, status: 'active' as const, version, facts };
    return { id: store.idOf(key), key, tokens, state };
  }
}
