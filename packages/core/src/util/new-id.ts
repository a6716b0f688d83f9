import { randomBytes } from 'node:crypto';

/**
 * A random id of 72 bits, for the intents and epochs of a record: compared within one record alone.
 *
 * @internal
 */
export const newId = (): string => randomBytes(9).toString('base64url');
