import { randomUUID } from 'node:crypto';
import { TokenEndpointError } from '../errors/errors.js';
import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant, RefreshTokenGrant } from '../model/grant.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import type { FailedAnswer, ReceivedTokens } from '../provider/token-answer.js';
import { mergeTokens } from '../refresh/merge-tokens.js';
import { revokeQuietly } from '../refresh/revoke-quietly.js';
import { selfLoginGrant } from '../refresh/self-login.js';
import { tokenFacts } from '../refresh/token-facts.js';
import { longestTimeout } from '../timing/timing-policy.js';
import type { Engine } from './engine.js';
import type { TokenServer } from './token-server.js';

/**
 * Logs in and out by hand.
 *
 * @internal
 */
export class TokenLogins {
  constructor(
    private readonly engine: Engine,
    private readonly server: TokenServer,
  ) {}

  /** @throws {@link TokenEndpointError} */
  async authenticate(key: TokenKey, grant: Grant): Promise<TokenSet> {
    const registration = await this.engine.registrations.require(key.registrationId);
    if (grant.type === 'refresh_token') return this.#seed(key, registration, grant);
    const answer = await this.engine.endpoint.request({
      registration,
      key,
      grant,
      timeoutMs:
        registration.http?.timeoutMs ?? longestTimeout(registration.provider.refreshTokenReuse),
    });
    if (answer.outcome === 'leaseExpired') throw new Error('A login has no lease.');
    if (answer.outcome !== 'refreshed') throw loginFailed(key, answer);
    const { tokens, defect } = answer;
    if (tokens.refreshToken === undefined && defect !== undefined) throw loginFailed(key, defect);
    await this.#put(key, registration, tokens);
    return (await this.server.serve(key)).tokens as TokenSet;
  }

  async forget(key: TokenKey): Promise<void> {
    const command = { intentId: randomUUID(), newEpoch: randomUUID() };
    await this.engine.store.forget(key, command);
    this.server.forgetMemory(canonicalKey(key));
  }

  async revoke(key: TokenKey): Promise<void> {
    const { registrations, store, endpoint } = this.engine;
    const registration = await registrations.require(key.registrationId);
    const record = await store.read(key);
    await this.forget(key);
    if (record?.tokens !== undefined) {
      await revokeQuietly(endpoint, { registration, key }, record.tokens);
    }
  }

  /** Plants the refresh token, unless it was planted before, and renews with it. */
  async #seed(
    key: TokenKey,
    registration: ClientRegistration,
    grant: RefreshTokenGrant,
  ): Promise<TokenSet> {
    const { coordinator, store } = this.engine;
    const record = await store.read(key);
    await coordinator.plantSeed({ key, registration, reason: 'login' }, record, grant);
    this.server.forgetMemory(canonicalKey(key));
    return (await this.server.serve(key)).tokens as TokenSet;
  }

  async #put(
    key: TokenKey,
    registration: ClientRegistration,
    received: ReceivedTokens,
  ): Promise<void> {
    const { store, announcer, random } = this.engine;
    const tokens = mergeTokens(undefined, received);
    const canLogin = async (): Promise<boolean> =>
      (await selfLoginGrant(registration, key)) !== undefined;
    const facts = await tokenFacts(store, registration.provider, tokens, random(), canLogin);
    const { record } = await store.put(key, {
      intentId: randomUUID(),
      newEpoch: randomUUID(),
      body: { key, tokens },
      facts,
      keepFresh: registration.keepFresh !== false,
      reason: 'login',
    });
    this.server.forgetMemory(canonicalKey(key));
    this.server.remember(canonicalKey(key), record);
    announcer.stored({ key, registration, reason: 'login' }, undefined, record);
  }
}

function loginFailed({ registrationId }: TokenKey, answer: FailedAnswer): TokenEndpointError {
  const { outcome, code, message, status } = answer;
  return new TokenEndpointError({ registrationId, outcome, error: code, reason: message, status });
}
