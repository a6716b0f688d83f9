import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { concurrently } from './concurrently.mjs';
import { TokenClient } from './token-client.mjs';
import { tokenTexts } from './token-text.mjs';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const AT_ONCE = 64;

/**
 * A refresh as somebody would write it by hand who cares for nothing but its speed: the record read and opened, a mark that
 * it is being refreshed, a keep-alive POST, and the record sealed synchronously and written. It is what our refreshes are
 * measured against.
 */
export class Control {
  #redis;
  #client;
  #subjects;
  #key = randomBytes(32);
  #next = 0;

  /** @param {import('ioredis').Redis} redis @param {string} tokenUrl @param {number} subjects */
  constructor(redis, tokenUrl, subjects) {
    this.#redis = redis;
    this.#client = new TokenClient(tokenUrl);
    this.#subjects = subjects;
  }

  /** Writes the records that it refreshes. */
  async plant() {
    await concurrently(this.#subjects, AT_ONCE, async (index) => {
      const { accessToken, refreshToken } = tokenTexts(`control-${index}.0`);
      const record = { access_token: accessToken, refresh_token: refreshToken, expiresAt: 0 };
      await this.#redis.set(`control:${index}`, this.#seal(JSON.stringify(record)));
    });
  }

  /** Refreshes the next one in turn. */
  async refresh() {
    const key = `control:${this.#next++ % this.#subjects}`;
    const record = JSON.parse(this.#open(await this.#redis.getBuffer(key)));
    await this.#redis.set(`${key}:intent`, 'process', 'PX', 3_000);
    const answer = await this.#client.refresh(record.refresh_token);
    const expiresAt = Date.now() + answer.expires_in * 1_000;
    await this.#redis.set(key, this.#seal(JSON.stringify({ ...answer, expiresAt })));
  }

  close() {
    return this.#client.close();
  }

  /** @param {string} text @returns {Buffer} */
  #seal(text) {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }

  /** @param {Buffer | null} sealed @returns {string} */
  #open(sealed) {
    if (sealed === null) throw new Error('The record of the control is not there.');
    const options = { authTagLength: TAG_BYTES };
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, options);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
    return text + decipher.final('utf8');
  }
}
