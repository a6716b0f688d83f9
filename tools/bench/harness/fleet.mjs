import { randomBytes, randomUUID } from 'node:crypto';

import { defineProvider, Keyring } from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';

/** @typedef {import('@oauth-token/core').ClientRegistration} ClientRegistration */
/** @typedef {import('@oauth-token/core').TokenKey} TokenKey */
/** @typedef {import('@oauth-token/core').TokenStore} TokenStore */

/** What all processes of one benchmark have in common: the setting of a keyring. */
export const TOKEN_KEYS = `bench:${randomBytes(32).toString('base64')}`;

const HOUR_MS = 3_600_000;

/**
 * A client of a strict authorization server.
 *
 * @param {string} tokenUrl @returns {ClientRegistration}
 */
export function registrationAt(tokenUrl) {
  return {
    registrationId: 'bench',
    provider: defineProvider({
      name: 'bench',
      endpoints: { token: tokenUrl },
      rotation: { refreshTokenReuse: 'strict' },
    }),
    clientId: 'bench',
    clientSecret: 'bench-secret',
    allowedOrigins: ['https://api.example.com'],
  };
}

/** @param {string} subject @returns {TokenKey} */
export const keyOf = (subject) => ({ registrationId: 'bench', subject });

/**
 * A store with everything on. Its advice about the server is meant for production.
 *
 * @param {import('ioredis').Redis} redis
 * @param {{ tokenKeys?: string, prefix?: string }} [options]
 * @returns {RedisTokenStore}
 */
export function openStore(redis, { tokenKeys = TOKEN_KEYS, prefix = 'otm' } = {}) {
  const keys = Keyring.parse(tokenKeys);
  // A benchmark overloads on purpose: what is slow is to be measured, not given up.
  return new RedisTokenStore(redis, { keys, prefix, commandTimeoutMs: 30_000, warn: () => {} });
}

/**
 * Stores tokens as a login does.
 *
 * @param {TokenStore} store
 * @param {TokenKey} key
 * @param {{ accessToken: string, refreshToken: string }} texts
 * @param {{ expiresInMs?: number, keepFresh?: boolean }} [options] expired when negative
 */
export async function plant(store, key, texts, { expiresInMs = HOUR_MS, keepFresh = true } = {}) {
  const now = Date.now();
  const times = {
    issuedAt: now + Math.min(0, expiresInMs) - HOUR_MS,
    expiresAt: now + expiresInMs,
  };
  const tokens = { ...texts, ...times, tokenType: 'Bearer', extras: {} };
  const refreshFingerprint = store.fingerprint(texts.refreshToken);
  await store.put(key, {
    intentId: randomUUID(),
    newEpoch: randomUUID(),
    body: { key, tokens },
    facts: { ...times, dueAt: times.expiresAt, refreshFingerprint },
    keepFresh,
    reason: 'login',
  });
}
