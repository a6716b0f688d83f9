import { pooledRandomBytes } from './random-pool.js';

/**
 * A random id of 72 bits, for the intents, epochs and revisions of a record: compared within one record alone.
 *
 * @internal
 */
export const newId = (): string => pooledRandomBytes(9).toString('base64url');
