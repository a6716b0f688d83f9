import type { TokenKey } from '../model/token-key.js';
import type { Registrations } from '../registrations/registrations.js';

/** How many logins run at one time at boot. */
const AT_ONCE = 8;

/**
 * Logs in the registrations that can by themselves and are kept fresh. Never rejects: what fails is told as events and tried again when
 * its time comes.
 *
 * @internal
 */
export async function bootLogins(
  registrations: Registrations,
  renew: (key: TokenKey) => Promise<unknown>,
): Promise<void> {
  const list = await registrations.list().catch(() => []);
  const waiting = list.filter(({ grant, keepFresh }) => grant !== undefined && keepFresh !== false);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await renew({ registrationId: next.registrationId }).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
