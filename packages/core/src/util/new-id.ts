import { randomBytes } from 'node:crypto';

/**
 * A random id of 96 bits, for intents and epochs.
 *
 * @internal
 */
export const newId = (): string => randomBytes(12).toString('base64url');
