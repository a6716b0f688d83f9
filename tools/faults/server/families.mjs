import { randomBytes } from 'node:crypto';

/**
 * One token request as the authorization server saw it. Times are epoch ms; tokens are the rig's own, so they stand as they are.
 *
 * @typedef {object} LedgerEntry
 * @property {number} at when it had been received
 * @property {'login' | 'refresh'} grant
 * @property {string} subject
 * @property {string} family the login that its refresh tokens descend from
 * @property {string} worker the process that sent it, `rig` for the rig itself
 * @property {string} request drawn by its sender, equal for two copies of one request
 * @property {string} [sent] the refresh token
 * @property {'login' | 'rotated' | 'replayed' | 'spent' | 'refused' | 'unprocessed'} outcome `replayed`: a spent refresh token was
 *   taken once more within the grace; `spent`: it was not, and the family is revoked; `refused`: the family is revoked, or the
 *   refresh token was replaced or is not known
 * @property {number} [processedAt] absent while it has not been processed
 * @property {string} [issued] the new refresh token
 * @property {readonly string[]} [replaced] refresh tokens that are dead because of it, besides the one that was sent
 * @property {number} [answeredAt] when the answer had been handed over; absent when it never was
 */

/**
 * @typedef {object} TokenState
 * @property {string} family
 * @property {string | undefined} parent
 * @property {'live' | 'used' | 'replaced'} state
 * @property {number} usedAt
 */

/** @typedef {Pick<LedgerEntry, 'outcome' | 'family' | 'issued' | 'replaced'>} Processed */

/**
 * What the answer to a second use within the grace means for the answer to the first: `newest`, it replaces it, as at Asgardeo;
 * `all`, both are good, as at Auth0, Okta and Ory.
 *
 * @typedef {'newest' | 'all'} ReplayPolicy
 */

/**
 * One-time refresh tokens. With no grace a second use revokes the family (RFC 9700, section 4.14.2). Within the grace it gets
 * another new refresh token, until one of its successors has been used.
 */
export class Families {
  #graceMs;
  #now;
  /** @type {Map<string, TokenState>} */
  #tokens = new Map();
  /** @type {Map<string, number>} */
  #logins = new Map();
  /** @type {Set<string>} */
  #revoked = new Set();

  /** @param {{ graceMs?: number, now?: () => number }} [options] */
  constructor({ graceMs = 0, now = Date.now } = {}) {
    this.#graceMs = graceMs;
    this.#now = now;
  }

  /** Logs a subject in: a new family. @param {string} subject @returns {Processed} */
  login(subject) {
    const number = (this.#logins.get(subject) ?? 0) + 1;
    this.#logins.set(subject, number);
    const family = `${subject}~${number}`;
    return { outcome: 'login', family, issued: this.#issue(family, undefined) };
  }

  /** @param {string} sent a refresh token @param {ReplayPolicy} [policy] @returns {Processed} */
  refresh(sent, policy = 'newest') {
    const token = this.#tokens.get(sent);
    const family = token?.family ?? familyOf(sent);
    if (token === undefined || this.#revoked.has(family) || token.state === 'replaced') {
      return { outcome: 'refused', family };
    }
    if (token.state === 'live') {
      token.state = 'used';
      token.usedAt = this.#now();
      return { outcome: 'rotated', family, issued: this.#issue(family, sent) };
    }
    if (!this.#mayReplay(sent, token)) {
      this.#revoked.add(family);
      return { outcome: 'spent', family };
    }
    const replaced = policy === 'newest' ? this.#childrenOf(sent) : [];
    for (const [, other] of replaced) other.state = 'replaced';
    const issued = this.#issue(family, sent);
    return { outcome: 'replayed', family, issued, replaced: replaced.map(([name]) => name) };
  }

  /** @param {string} sent @param {TokenState} token */
  #mayReplay(sent, token) {
    const inTime = this.#now() - token.usedAt < this.#graceMs;
    return inTime && this.#childrenOf(sent).every(([, { state }]) => state !== 'used');
  }

  /** @param {string} sent */
  #childrenOf(sent) {
    return [...this.#tokens].filter(([, { parent }]) => parent === sent);
  }

  /** @param {string} family @param {string | undefined} parent */
  #issue(family, parent) {
    const token = `${family}.${randomBytes(12).toString('base64url')}`;
    this.#tokens.set(token, { family, parent, state: 'live', usedAt: 0 });
    return token;
  }
}

/** The family that a refresh token names. @param {string} token */
export const familyOf = (token) => token.split('.', 1)[0] ?? '';

/** The subject of a family. @param {string} family */
export const subjectOf = (family) => family.split('~', 1)[0] ?? '';
