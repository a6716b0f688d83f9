import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { inspect } from 'node:util';
import { envelopeHeader, NONCE_BYTES, readEnvelope, TAG_BYTES } from './envelope.js';
import { pooledRandomBytes } from '../util/random-pool.js';
import { SealError } from './seal-error.js';
import {
  checkSealingKeys,
  KEY_BYTES,
  parseIdKey,
  parseSealingKeys,
  type SealingKey,
} from './sealing-keys.js';

/** What a keyring is made of. @public */
export interface KeyringOptions {
  /** The first seals; the others only open. */
  readonly keys: readonly SealingKey[];
  /** The key of ids and fingerprints. @defaultValue derived from the last of `keys` by HKDF-SHA256 (RFC 5869) */
  readonly idKey?: Uint8Array;
}

const CIPHER = 'aes-256-gcm';

/** Without it Node accepts tags of 4 bytes, which can be guessed. */
const TAG_LENGTH = { authTagLength: TAG_BYTES };

const ID_KEY_INFO = 'oauth-token id key v1';

/**
 * Seals values with AES-256-GCM and opens them again, and makes the ids under which they are stored.
 *
 * A sealed value opens only with the context that it was sealed with. To rotate, put a new key in front and keep the old
 * ones behind it until everything has been sealed anew. Ids hang on the last key unless an `idKey` is given, so the last
 * key must stay where it is.
 *
 * @public
 */
export class Keyring {
  /** The id of the key that seals. */
  readonly primaryKid: string;
  /** What envelopes begin with. */
  readonly #header: Buffer;
  readonly #primary: KeyObject;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #idKey: KeyObject;

  /**
   * @throws {@link ConfigurationError} when a key has the wrong length, or an id is empty, unfit or there twice
   */
  constructor(options: KeyringOptions) {
    const { keys, idKey } = options;
    checkSealingKeys(keys, idKey);
    const first = keys[0] as SealingKey;
    const last = keys.at(-1) as SealingKey;
    this.primaryKid = first.kid;
    this.#keys = new Map(keys.map(({ kid, key }) => [kid, createSecretKey(key)]));
    this.#header = envelopeHeader(first.kid);
    this.#primary = createSecretKey(first.key);
    this.#idKey = createSecretKey(idKey ?? deriveIdKey(last.key));
  }

  /**
   * Reads the `TOKEN_KEYS` setting: `kid:base64-of-32-bytes` separated by commas, the first seals. The key of ids may be
   * given as bytes, or as base64 of 32 bytes (`TOKEN_ID_KEY`).
   *
   * @throws {@link ConfigurationError} that names every entry that is wrong, never its key
   */
  static parse(keys: string, idKey?: Uint8Array | string): Keyring {
    const bytes = typeof idKey === 'string' ? parseIdKey(idKey) : idKey;
    const parsed = parseSealingKeys(keys);
    return new Keyring(bytes === undefined ? { keys: parsed } : { keys: parsed, idKey: bytes });
  }

  /** A keyring of random keys: what it seals can be opened by nobody else, and not after this process. */
  static ephemeral(): Keyring {
    return new Keyring({ keys: [{ kid: 'ephemeral', key: randomBytes(KEY_BYTES) }] });
  }

  /** Encrypts under the first key; `context` (whose value this is) must be the same when it is opened. */
  seal(plaintext: Uint8Array, context: string): Buffer {
    const header = this.#header;
    const nonce = pooledRandomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#primary, nonce, TAG_LENGTH);
    cipher.setAAD(additionalData(header, context));
    const ciphertext = [cipher.update(plaintext), cipher.final()];
    return Buffer.concat([header, nonce, ...ciphertext, cipher.getAuthTag()]);
  }

  /**
   * Decrypts with whichever key sealed it.
   *
   * @throws {@link SealError} when its key is not here, or when bytes or context are not those that were sealed
   */
  open(sealed: Uint8Array, context: string): Buffer {
    const { kid, header, nonce, ciphertext, tag } = readEnvelope(sealed);
    const key = this.#keys.get(kid);
    if (key === undefined) throw new SealError('unknown_key', kid);
    const decipher = createDecipheriv(CIPHER, key, nonce, TAG_LENGTH);
    decipher.setAAD(additionalData(header, context));
    decipher.setAuthTag(tag);
    const plaintext = decipher.update(ciphertext);
    try {
      return Buffer.concat([plaintext, decipher.final()]);
    } catch {
      throw new SealError('tampered', kid);
    }
  }

  /** Whether the first key sealed a value; else it is time to seal it anew. */
  isPrimary(sealed: Uint8Array): boolean {
    return this.#header.equals(sealed.subarray(0, this.#header.length));
  }

  /**
   * The id of the key that sealed a value: other than {@link primaryKid}, it is time to seal it anew.
   *
   * @throws {@link SealError} `malformed` when it is no sealed value
   */
  kidOf(sealed: Uint8Array): string {
    return readEnvelope(sealed).kid;
  }

  /** HMAC-SHA256 of a text (in UTF-16, where no two texts are the same bytes) under the key of ids, base64url. */
  idHmac(text: string): string {
    return createHmac('sha256', this.#idKey).update(text, 'utf16le').digest('base64url');
  }

  /** The ids of the keys, and nothing of the keys. */
  toJSON(): { primaryKid: string; kids: string[] } {
    return { primaryKid: this.primaryKid, kids: [...this.#keys.keys()] };
  }

  /** @internal */
  [inspect.custom](): string {
    return `Keyring(${[...this.#keys.keys()].join(', ')})`;
  }
}

function deriveIdKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), ID_KEY_INFO, KEY_BYTES));
}

/** The header's length stands within it, so no other header and context give the same bytes. */
function additionalData(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}
