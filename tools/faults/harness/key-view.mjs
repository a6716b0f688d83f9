import { randomUUID } from 'node:crypto';

import { Keyring } from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';
import { Redis } from 'ioredis';

/** @typedef {import('@oauth-token/core').TokenKey} TokenKey */

/**
 * When what is planted falls due, ms: later than the rig has it renewed, and before any takeover, since until then nobody sees a
 * reason to renew it.
 */
const DUE_MS = 1_500;

/** The rig's own look at the store. */
export class KeyView {
  #redis;
  #store;

  /** @param {string} url @param {string} tokenKeys */
  constructor(url, tokenKeys) {
    this.#redis = new Redis(url, { retryStrategy: () => 100 });
    this.#redis.on('error', () => undefined);
    const keys = Keyring.parse(tokenKeys);
    this.#store = new RedisTokenStore(this.#redis, { keys, warn: () => undefined });
  }

  /** Stores the tokens of a login. @param {TokenKey} key @param {string} refreshToken @param {number} lifetimeMs */
  async plant(key, refreshToken, lifetimeMs) {
    const issuedAt = await this.#store.time();
    const times = { issuedAt, expiresAt: issuedAt + lifetimeMs };
    const tokens = {
      accessToken: `access-${refreshToken}`,
      refreshToken,
      tokenType: 'Bearer',
      extras: {},
    };
    const refreshFingerprint = this.#store.fingerprint(refreshToken);
    await this.#store.put(key, {
      intentId: randomUUID(),
      newEpoch: randomUUID(),
      body: { key, tokens: { ...tokens, ...times } },
      facts: { ...times, dueAt: issuedAt + DUE_MS, refreshFingerprint },
      keepFresh: true,
      reason: 'login',
    });
  }

  /** @param {TokenKey} key */
  async stateOf(key) {
    return (await this.#store.read(key))?.state;
  }

  /**
   * Which refresh tokens are kept for some subjects, siblings included.
   *
   * @param {Iterable<string>} subjects
   * @param {readonly string[]} tokens all that there are: a sibling is known by its fingerprint
   * @returns {Promise<Record<string, string[]>>}
   */
  async refreshTokens(subjects, tokens) {
    const names = new Map(tokens.map((token) => [this.#store.fingerprint(token), token]));
    /** @type {Record<string, string[]>} */
    const found = {};
    for (const subject of subjects) {
      const held = await Promise.all(
        ['plain', 'login'].map((registrationId) => this.#held({ registrationId, subject }, names)),
      );
      found[subject] = held.flat();
    }
    return found;
  }

  async close() {
    await this.#store.close();
    this.#redis.disconnect();
  }

  /** @param {TokenKey} key @param {ReadonlyMap<string, string>} names */
  async #held(key, names) {
    const record = await this.#store.read(key);
    const siblings = (record?.state.siblings ?? []).map(({ facts }) =>
      names.get(facts.refreshFingerprint ?? ''),
    );
    return [record?.tokens?.refreshToken, ...siblings].filter((token) => token !== undefined);
  }
}
