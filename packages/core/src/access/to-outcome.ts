import type { RenewalResult } from '../refresh/renewal.js';
import { compact } from '../util/compact.js';
import type { RefreshOutcome } from './token-manager-options.js';

/**
 * A renewal's result as callers see it: without tokens.
 *
 * @internal
 */
export function toOutcome(result: RenewalResult): RefreshOutcome {
  if (result.outcome === 'refreshed') {
    const { version, facts } = result.record.state;
    const { expiresAt = 0, dueAt = Infinity } = facts ?? {};
    return { outcome: 'refreshed', version, expiresAt, dueAt };
  }
  const { outcome, code, message, nextTryAt } = result;
  return compact({ outcome: outcome === 'busy' ? 'transient' : outcome, code, message, nextTryAt });
}
