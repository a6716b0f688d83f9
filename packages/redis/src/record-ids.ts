import { BoundedMap, canonicalKey, type Keyring, type TokenKey } from '@oauth-token/core';

/** How many ids are remembered. */
const REMEMBERED = 10_000;

/** How many characters of an HMAC make a fingerprint: 96 bits. */
const FINGERPRINT_LENGTH = 16;

/**
 * The ids of records and the fingerprints of secrets: HMACs under the key of ids. One costs more than a look, and each is asked for
 * several times.
 *
 * @internal
 */
export class RecordIds {
  readonly #ids = new BoundedMap<string, string>(REMEMBERED);
  #last: { readonly secret?: string; readonly fingerprint: string } = { fingerprint: '' };

  constructor(private readonly keyring: Keyring) {}

  idOf(key: TokenKey): string {
    const canonical = canonicalKey(key);
    const known = this.#ids.get(canonical);
    if (known !== undefined) return known;
    const id = this.keyring.idHmac(canonical);
    this.#ids.set(canonical, id);
    return id;
  }

  fingerprint(secret: string): string {
    if (secret !== this.#last.secret) {
      const hmac = this.keyring.idHmac(`fingerprint:${secret}`);
      this.#last = { secret, fingerprint: hmac.slice(0, FINGERPRINT_LENGTH) };
    }
    return this.#last.fingerprint;
  }

  /** What tells whether another process has the same key of ids. */
  checkValue(): string {
    return this.keyring.idHmac('check');
  }
}
