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
   * A token fetched without the store; nothing for keys whose grants may bring refresh tokens.
   *
   * @param version - the last that is known of the record: what the store says is at least as new
   */
  fetch(key: TokenKey, version: number): Promise<TokenRecord | undefined> {
    return this.#flights.run(canonicalKey(key), () => this.#fetch(key, version));
  }

  async #fetch(key: TokenKey, version: number): Promise<TokenRecord | undefined> {
    const { registrations, endpoint, store, random } = this.engine;
    const registration = await registrations.require(key.registrationId);
    const grant = await selfLoginGrant(registration, key).catch(() => undefined);
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
