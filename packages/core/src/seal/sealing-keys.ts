import { type ConfigurationProblem, ConfigurationError } from '../errors/errors.js';

/** A key that seals, with the id that envelopes name it by. @public */
export interface SealingKey {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`; not secret. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

/** The length of an AES-256 key, bytes. @internal */
export const KEY_BYTES = 32;

const KID = /^[A-Za-z0-9._-]{1,64}$/;
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/_-]{43}=?$/;
const KEY_HINT = `must be base64 of ${KEY_BYTES} bytes, such as "openssl rand -base64 ${KEY_BYTES}" prints`;

/** Whether a text can be the id of a key. @internal */
export function isKid(text: string): boolean {
  return KID.test(text);
}

/**
 * Checks the keys of a keyring.
 *
 * @throws {@link ConfigurationError} that names every problem by its path, never a key
 * @internal
 */
export function checkSealingKeys(
  keys: readonly SealingKey[],
  idKey: Uint8Array | undefined,
  pathOf = (index: number, member: 'kid' | 'key'): string => `keys[${index}].${member}`,
): void {
  const problems: ConfigurationProblem[] = [];
  const seen = new Set<string>();
  if (keys.length === 0) problems.push({ path: 'keys', message: 'must hold at least one key' });
  for (const [index, { kid, key }] of keys.entries()) {
    const path = pathOf(index, 'kid');
    if (!isKid(kid)) {
      problems.push({ path, message: 'the key id must be 1 to 64 of A-Z a-z 0-9 . _ -' });
    } else if (seen.has(kid)) {
      problems.push({ path, message: 'this key id is there twice' });
    }
    seen.add(kid);
    if (key.byteLength !== KEY_BYTES) {
      const message = `the key must be ${KEY_BYTES} bytes long, not ${key.byteLength}`;
      problems.push({ path: pathOf(index, 'key'), message });
    }
  }
  if (idKey !== undefined && idKey.byteLength < KEY_BYTES) {
    problems.push({ path: 'idKey', message: `must be at least ${KEY_BYTES} bytes long` });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/**
 * Reads sealing keys from the form of the `TOKEN_KEYS` setting: `kid:base64` separated by commas, the first seals.
 *
 * @throws {@link ConfigurationError} that names every entry that is wrong, never its key
 * @internal
 */
export function parseSealingKeys(text: string): SealingKey[] {
  const problems: ConfigurationProblem[] = [];
  const keys = text.split(',').map((entry, index): SealingKey => {
    const [kid = '', base64, ...rest] = entry.trim().split(':');
    if (base64 === undefined || rest.length > 0) {
      problems.push({ path: `TOKEN_KEYS[${index}]`, message: 'must be kid:base64' });
    } else if (!BASE64_OF_32_BYTES.test(base64)) {
      problems.push({ path: `TOKEN_KEYS[${index}]`, message: `the key ${KEY_HINT}` });
    }
    return { kid, key: Buffer.from(base64 ?? '', 'base64') };
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  checkSealingKeys(keys, undefined, (index) => `TOKEN_KEYS[${index}]`);
  return keys;
}

/**
 * Reads the key of ids from the form of the `TOKEN_ID_KEY` setting: base64 of 32 bytes.
 *
 * @throws {@link ConfigurationError} when it is anything else; its text never holds the key
 * @internal
 */
export function parseIdKey(base64: string): Uint8Array {
  const text = base64.trim();
  if (!BASE64_OF_32_BYTES.test(text)) {
    throw new ConfigurationError([{ path: 'TOKEN_ID_KEY', message: KEY_HINT }]);
  }
  return Buffer.from(text, 'base64');
}
