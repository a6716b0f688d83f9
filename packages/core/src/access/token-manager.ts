import type { CallAuthorizer } from '../attach/call-authorizer.js';
import type { TokenEvents } from '../events/token-events.js';
import type { Grant } from '../model/grant.js';
import { canonicalKey, type TokenKey, type TokenKeyInput } from '../model/token-key.js';
import type { TokenSet } from '../model/token-set.js';
import { toKey } from '../registrations/registrations.js';
import { BootLogins } from './boot-logins.js';
import { buildEngine, type Engine } from './engine.js';
import { RegistrationAuthorizer } from './registration-authorizer.js';
import { statusOf } from './status-of.js';
import { TokenLogins } from './token-logins.js';
import type { RefreshOutcome, TokenManagerOptions } from './token-manager-options.js';
import { TokenServer } from './token-server.js';
import type { TokenStatus } from './token-status.js';
import { toOutcome } from './to-outcome.js';

/**
 * The token lifecycle of a set of client registrations: serves access tokens, renews them, logs in and out.
 *
 * @example
 * ```ts
 * const manager = new TokenManager({ registrations: [registration] });
 * await manager.start();
 * const accessToken = await manager.getAccessToken('my-registration');
 * ```
 * @public
 */
export class TokenManager {
  /** What happens to the tokens, without secrets. */
  readonly events: TokenEvents;
  /** @internal */
  readonly engine: Engine;
  readonly #subject: (() => string | undefined) | undefined;
  readonly #server: TokenServer;
  readonly #logins: TokenLogins;
  readonly #boot: BootLogins;
  #booting: Promise<void> = Promise.resolve();

  /** @throws {@link ConfigurationError} naming every problem of a list of registrations */
  constructor(options: TokenManagerOptions) {
    this.#subject = options.subject;
    this.engine = buildEngine(options);
    this.events = this.engine.events;
    this.#server = new TokenServer(this.engine, options.timing ?? {});
    this.#logins = new TokenLogins(this.engine, this.#server);
    const { registrations, clock } = this.engine;
    this.#boot = new BootLogins(registrations, clock, (key) => this.#server.renew(key, 'boot'));
  }

  /**
   * Starts the store and the journal, and the logins of the registrations that can log in by themselves; those neither delay nor fail it.
   *
   * @throws {@link ConfigurationError} when the store's settings can never work
   */
  async start(): Promise<void> {
    await this.engine.store.start();
    await this.engine.time.read();
    const { journal, replay } = this.engine;
    await journal.start((answer) => replay.start(answer));
    this.#booting = this.#boot.run();
  }

  /**
   * An access token that is valid now.
   *
   * @throws {@link ReauthorizationRequiredError} when only a new login can help
   * @throws {@link TokenUnavailableError} when there is none within `timing.maxWaitMs`
   * @throws {@link RegistrationNotFoundError}
   * @throws {@link WaitAbortedError} when the signal ended the wait
   */
  async getAccessToken(
    input: TokenKeyInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    return (await this.#tokens(input, options.signal)).accessToken;
  }

  /** The whole token set that is valid now. Throws like {@link TokenManager.getAccessToken}. */
  async getTokenSet(
    input: TokenKeyInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<TokenSet> {
    return this.#tokens(input, options.signal);
  }

  /** The tokens of a key without a scope or resource of its own, where they are in memory and fresh. @internal */
  fromMemory(key: TokenKey): TokenSet | undefined {
    if (key.scope !== undefined || key.resource !== undefined) return undefined;
    return this.#server.fromMemory(canonicalKey(key))?.tokens;
  }

  /** Renews now, whether due or not. A failed renewal is an outcome, not an error. */
  async refresh(input: TokenKeyInput): Promise<RefreshOutcome> {
    const key = await this.engine.registrations.keyOf(input);
    return toOutcome(await this.#server.renew(key, 'manual'));
  }

  /** Notes that an API has taken a token. @internal */
  accepted(key: TokenKey, accessToken: string): void {
    this.#server.accepted(key, accessToken);
  }

  /** Renews in the background what the due index has offered. @internal */
  async renewDue(key: TokenKey): Promise<void> {
    const result = await this.#server.renew(key, 'due');
    if (result.outcome !== 'refreshed' || !result.adopted) return;
    // It was offered before its time: the claim must not hide it beyond that.
    const { dueAt = Infinity } = result.record.state.facts ?? {};
    if (dueAt < Infinity) await this.engine.store.touch(key, { parkUntil: dueAt });
  }

  /**
   * Logs in with a grant and stores the tokens over whatever was there; wins over every renewal under way.
   *
   * @throws {@link TokenEndpointError} when the authorization server refused or failed; nothing stored was changed then
   */
  async authenticate(input: TokenKeyInput, grant: Grant): Promise<TokenSet> {
    const key = await this.engine.registrations.keyOf(input);
    return this.#logins.authenticate(key, grant);
  }

  /**
   * Another access token than the one that an API has just refused: the stored one when it differs, else a renewed one.
   * Throws like {@link TokenManager.getAccessToken}.
   */
  async renewRejected(
    input: TokenKeyInput,
    rejectedAccessToken: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    return (await this.replaceRejected(input, rejectedAccessToken, options.signal)).accessToken;
  }

  /** @internal */
  async replaceRejected(
    input: TokenKeyInput,
    rejected: string,
    signal?: AbortSignal,
  ): Promise<TokenSet> {
    const key = await this.engine.registrations.keyOf(input);
    const record = await this.#server.replaceRejected(key, rejected, signal);
    return record.tokens as TokenSet;
  }

  /** Forgets the tokens here first, then asks the authorization server to revoke them, best effort. */
  async revoke(input: TokenKeyInput): Promise<void> {
    await this.#logins.revoke(await this.engine.registrations.keyOf(input));
  }

  /** Deletes the tokens; no late answer brings them back. */
  async forget(input: TokenKeyInput): Promise<void> {
    await this.#logins.forget(await this.engine.registrations.keyOf(input));
  }

  /** How a token stands, as the store knows it. */
  async status(input: TokenKeyInput): Promise<TokenStatus> {
    const { registrations, store, time } = this.engine;
    const key = await registrations.keyOf(input);
    const { provider } = await registrations.require(key.registrationId);
    return statusOf(key, provider.name, await store.read(key), time.now());
  }

  /** How the tokens stand, page by page; on the first page also the registrations that have none yet. */
  async list(cursor?: string): Promise<{ items: TokenStatus[]; cursor?: string }> {
    const { registrations, store, time } = this.engine;
    const page = await store.list(cursor === undefined ? {} : { cursor });
    const now = time.now();
    const items: TokenStatus[] = [];
    for (const record of page.records) {
      if (record.state.status === 'forgotten') continue;
      // One that cannot be found or is wrong does not hide the others.
      const asked = registrations.find(record.key.registrationId);
      const registration = await asked.catch(() => undefined);
      items.push(statusOf(record.key, registration?.provider.name ?? 'unknown', record, now));
    }
    if (cursor === undefined) items.push(...(await this.#withoutRecord(now)));
    return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
  }

  /**
   * Where the tokens of one registration come from and where they may go.
   *
   * @throws {@link RegistrationNotFoundError} at once when a list of registrations does not hold the id
   */
  source(registrationId: string): CallAuthorizer {
    this.engine.registrations.check(registrationId);
    return new RegistrationAuthorizer(this, registrationId, this.#subject);
  }

  /** Waits for the renewals under way. */
  async drain(): Promise<void> {
    await this.engine.coordinator.drain();
    await this.#booting;
  }

  /** Waits for the renewals under way, then closes what was not handed in. */
  async close(): Promise<void> {
    this.#boot.end();
    this.engine.coordinator.endWaits();
    await this.drain();
    await this.engine.unconfirmed.close();
    await this.engine.close();
  }

  async #tokens(input: TokenKeyInput, signal: AbortSignal | undefined): Promise<TokenSet> {
    const plain = typeof input === 'string' || (!input.scope && !input.resource);
    const key = plain ? toKey(input) : await this.engine.registrations.keyOf(input);
    const ready = this.#server.fromMemory(canonicalKey(key));
    return (ready ?? (await this.#server.serve(key, signal))).tokens as TokenSet;
  }

  async #withoutRecord(now: number): Promise<TokenStatus[]> {
    const { registrations, store } = this.engine;
    const missing: TokenStatus[] = [];
    for (const { registrationId, provider } of await registrations.list()) {
      const key = { registrationId };
      const record = await store.read(key);
      if (record === undefined || record.state.status === 'forgotten') {
        missing.push(statusOf(key, provider.name, undefined, now));
      }
    }
    return missing;
  }
}
