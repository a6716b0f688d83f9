import { type Clock, type ConfigurationProblem, Keyring } from '@oauth-token/core';

/** How a Redis store is set up. @public */
export interface RedisTokenStoreOptions {
  /** Seals the token sets; its `idKey` makes the ids. */
  readonly keys?: Keyring;
  /** Instead of `keys`: leaves token sets readable for everyone who can read Redis. */
  readonly insecurePlaintext?: true;
  /** First part of all keys, without braces. @defaultValue 'otm' */
  readonly prefix?: string;
  /** Parts of the due index; fixed by the first process that uses the store. @defaultValue 16 */
  readonly shards?: number;
  /** Longest wait for an answer of Redis, ms. @defaultValue 1000 */
  readonly commandTimeoutMs?: number;
  /** @defaultValue the platform's clock */
  readonly clock?: Clock;
  /** Is told what a person should know of the server, without secrets. @defaultValue `process.emitWarning` */
  readonly warn?: (message: string) => void;
}

/** Ids of a store without keys: everyone who can read it can read the tokens too. @internal */
export const PLAINTEXT_IDS = new Keyring({ keys: [{ kid: 'plaintext', key: Buffer.alloc(32) }] });

/** Everything that is wrong with how tokens are to be sealed. @internal */
export function checkSealing({
  keys,
  insecurePlaintext,
}: RedisTokenStoreOptions): ConfigurationProblem[] {
  if ((keys === undefined) !== (insecurePlaintext === undefined)) return [];
  const message =
    keys === undefined
      ? 'is missing: give a Keyring, or insecurePlaintext: true to leave tokens readable in Redis.'
      : 'and insecurePlaintext exclude one another.';
  return [{ path: 'store.keys', message }];
}
