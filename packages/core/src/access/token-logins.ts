import { newId } from '../util/new-id.js';
import { TokenEndpointError } from '../errors/errors.js';
import type { ClientRegistration } from '../model/client-registration.js';
import type { Grant } from '../model/grant.js';
import { canonicalKey, type TokenKey } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import { failedAnswer } from '../provider/failed-answer.js';
import type { FailedAnswer, ReceivedTokens } from '../provider/token-answer.js';
import { mergeTokens } from '../refresh/merge-tokens.js';
import { hasKnown } from '../record/transition.js';
import { grantFingerprint, selfLoginGrant } from '../refresh/self-login.js';
import { tokenFacts } from '../refresh/token-facts.js';
import type { TokenRecord } from '../store/token-store.js';
import { longestTimeout } from '../timing/timing-policy.js';
import { SingleFlight } from '../util/single-flight.js';
import type { Engine } from './engine.js';
import type { TokenServer } from './token-server.js';

/**
 * Logs in and out by hand.
 *
 * @internal
 */
export class TokenLogins {
  /** Logins under way, by key and grant: most grants are good for one request. */
  readonly #flights = new SingleFlight<TokenSet>();

  constructor(
    private readonly engine: Engine,
    private readonly server: TokenServer,
  ) {}

  /** @throws {@link TokenEndpointError} */
  async authenticate(key: TokenKey, grant: Grant): Promise<TokenSet> {
    const { registrations, store } = this.engine;
    const registration = await registrations.require(key.registrationId);
    const flight = `${canonicalKey(key)} ${grantFingerprint(store, registration, grant)}`;
    return this.#flights.run(flight, () => this.#login(key, registration, grant));
  }

  async #login(key: TokenKey, registration: ClientRegistration, grant: Grant): Promise<TokenSet> {
    const { endpoint, store, known, pauses } = this.engine;
    if (grant.type === 'refresh_token') {
      const { record } = await known.read(key);
      const fingerprint = store.fingerprint(grant.refreshToken);
      if (record !== undefined && hasKnown(record.state, fingerprint)) {
        throw loginFailed(key, SPENT);
      }
    }
    const { http, provider } = registration;
    const timeoutMs = http?.timeoutMs ?? longestTimeout(provider.refreshTokenReuse);
    const answer = await endpoint.request({ registration, key, grant, timeoutMs });
    if (answer.outcome === 'leaseExpired') throw new Error('A login has no lease.');
    if (answer.outcome !== 'refreshed') throw loginFailed(key, answer);
    const { tokens, defect } = answer;
    if (tokens.refreshToken === undefined && defect !== undefined) throw loginFailed(key, defect);
    await this.#put(key, registration, grant, tokens);
    const names = pauses.namesOf(registration, undefined);
    await pauses.ended(names.provider, names.endpoint, names.breaker).catch(() => undefined);
    return (await this.server.serve(key)).tokens as TokenSet;
  }

  async forget(key: TokenKey): Promise<void> {
    const { record } = await this.engine.store.forget(key, {
      intentId: newId(),
      newEpoch: newId(),
    });
    this.#forgotten(key, record);
  }

  /** Forgets exactly what it then revokes, also when a renewal comes in between. */
  async revoke(key: TokenKey): Promise<void> {
    const { registrations, store, endpoint, known } = this.engine;
    const registration = await registrations.require(key.registrationId);
    for (;;) {
      const { record } = await known.read(key);
      const { answer, record: tombstone } = await store.forget(key, {
        intentId: newId(),
        newEpoch: newId(),
        expectedVersion: record?.state.version ?? 0,
      });
      if (answer.kind === 'conflict') continue;
      this.#forgotten(key, tombstone);
      if (record?.tokens !== undefined) {
        await endpoint.revokeLater({ registration, key }, record.tokens);
      }
      return;
    }
  }

  /** The tombstone is remembered: a store that loses it gets it back. */
  #forgotten(key: TokenKey, tombstone: TokenRecord): void {
    const canonical = canonicalKey(key);
    this.server.forgetMemory(canonical);
    this.server.remember(canonical, tombstone);
  }

  async #put(
    key: TokenKey,
    registration: ClientRegistration,
    grant: Grant,
    received: ReceivedTokens,
  ): Promise<void> {
    const { store, announcer, random, clock } = this.engine;
    // A server that does not rotate answers a refresh without a refresh token.
    const kept: { readonly refreshToken?: string } =
      grant.type === 'refresh_token' ? { refreshToken: grant.refreshToken } : {};
    const tokens = mergeTokens(undefined, { ...kept, ...received });
    const canLogin = async (): Promise<boolean> =>
      (await selfLoginGrant(registration, key, clock)) !== undefined;
    const facts = await tokenFacts(store, registration.provider, tokens, random(), canLogin);
    const { refreshToken } = kept;
    const { record } = await store.put(key, {
      ...(refreshToken !== undefined && { sentFingerprint: store.fingerprint(refreshToken) }),
      intentId: newId(),
      newEpoch: newId(),
      body: { key, tokens },
      facts,
      keepFresh: registration.keepFresh !== false,
      reason: 'login',
      grantFingerprint: grantFingerprint(store, registration, grant),
    });
    this.server.forgetMemory(canonicalKey(key));
    this.server.remember(canonicalKey(key), record);
    announcer.stored({ key, registration, reason: 'login' }, undefined, record);
  }
}

const SPENT = failedAnswer(
  'reauthorizationRequired',
  'refresh_token_known',
  'This refresh token is stored already, or was before: it is not sent a second time.',
);

function loginFailed({ registrationId }: TokenKey, answer: FailedAnswer): TokenEndpointError {
  const { outcome, code, message, status } = answer;
  return new TokenEndpointError({ registrationId, outcome, error: code, reason: message, status });
}
