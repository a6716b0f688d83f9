import type { RecordRestoredEvent, TokenEventBase, TokenEvents } from '../events/token-events.js';
import type { ClientRegistration } from '../model/client-registration.js';
import type { TokenKey } from '../model/token-key.js';
import type { FailedAnswer } from '../provider/token-answer.js';
import type { RenewalReason } from '../record/record-state.js';
import type { TokenRecord } from '../store/token-store.js';
import type { StoreTime } from '../timing/store-time.js';
import { compact } from '../util/compact.js';

/** Whose renewal an event is about. @internal */
export interface Announced {
  readonly key: TokenKey;
  readonly registration: ClientRegistration;
  readonly reason: RenewalReason;
}

/**
 * Tells what happens to renewals as typed events, without secrets.
 *
 * @internal
 */
export class RenewalAnnouncer {
  constructor(
    private readonly events: TokenEvents,
    private readonly time: StoreTime,
  ) {}

  /** New tokens were stored over `before`. */
  stored(about: Announced, before: TokenRecord | undefined, after: TokenRecord): void {
    const { facts } = after.state;
    const event = {
      ...this.base(about.key, after.state.version),
      provider: about.registration.provider.name,
      reason: about.reason,
      expiresAt: facts?.expiresAt ?? 0,
      dueAt: facts?.dueAt ?? Infinity,
    };
    const first = before?.tokens === undefined || before.tokens.accessToken === '';
    this.events.emit(first ? 'acquired' : 'refreshed', event);
    const sameEpoch = before?.state.epoch === after.state.epoch;
    const changed = before?.state.facts?.refreshFingerprint !== facts?.refreshFingerprint;
    if (sameEpoch && changed) this.events.emit('rotated', event);
  }

  failed(about: Announced, version: number, answer: FailedAnswer, nextTryAt?: number): void {
    const { outcome, code, message } = answer;
    this.events.emit(
      'refreshFailed',
      compact({
        ...this.#told(about, version),
        reason: about.reason,
        outcome,
        code,
        message,
        nextTryAt,
      }),
    );
  }

  reauthorizationRequired(about: Announced, version: number, answer: FailedAnswer): void {
    const { code, message } = answer;
    this.events.emit('reauthorizationRequired', { ...this.#told(about, version), code, message });
  }

  lockContended(key: TokenKey, version: number): void {
    this.events.emit('lockContended', this.base(key, version));
  }

  orphanFound(key: TokenKey, version: number, owner: string): void {
    this.events.emit('orphanFound', { ...this.base(key, version), owner });
  }

  restored(key: TokenKey, version: number, reason: RecordRestoredEvent['reason']): void {
    this.events.emit('restored', { ...this.base(key, version), reason });
  }

  base({ registrationId, subject }: TokenKey, version: number): TokenEventBase {
    return compact({
      registrationId,
      subject,
      at: this.time.now(),
      version,
      origin: 'local' as const,
    });
  }

  #told({ key, registration }: Announced, version: number) {
    return { ...this.base(key, version), provider: registration.provider.name };
  }
}
