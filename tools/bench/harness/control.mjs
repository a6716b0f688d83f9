import { createCipheriv, randomBytes } from 'node:crypto';

import { TokenClient } from './token-client.mjs';
import { tokenTexts } from './token-text.mjs';

/**
 * A refresh as somebody would write it by hand who cares for nothing but its speed: a keep-alive POST, three round trips
 * to Redis, and the record sealed synchronously. It is what our refreshes are measured against.
 */
export class Control {
  #redis;
  #client;
  #key = randomBytes(32);
  /** The refresh tokens are in memory: nothing is opened. @type {string[]} */
  #refreshTokens;
  #next = 0;

  /** @param {import('ioredis').Redis} redis @param {string} tokenUrl @param {number} subjects */
  constructor(redis, tokenUrl, subjects) {
    this.#redis = redis;
    this.#client = new TokenClient(tokenUrl);
    this.#refreshTokens = Array.from(
      { length: subjects },
      (_, index) => tokenTexts(`control-${index}.0`).refreshToken,
    );
  }

  /** Refreshes the next one in turn. */
  async refresh() {
    const index = this.#next++ % this.#refreshTokens.length;
    const key = `control:${index}`;
    await this.#redis.getBuffer(key);
    await this.#redis.set(`${key}:intent`, 'process', 'PX', 3_000);
    const answer = await this.#client.refresh(this.#refreshTokens[index] ?? '');
    this.#refreshTokens[index] = answer.refresh_token;
    const expiresAt = Date.now() + answer.expires_in * 1_000;
    await this.#redis.set(key, this.#seal(JSON.stringify({ ...answer, expiresAt })));
  }

  close() {
    return this.#client.close();
  }

  /** @param {string} text @returns {Buffer} */
  #seal(text) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }
}
