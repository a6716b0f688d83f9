import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers';
import { URLSearchParams } from 'node:url';

import {
  systemClock,
  TokenEndpointTransport,
  UndiciTokenEndpointTransport,
} from '@oauth-token/core';
import { RedisTokenStore } from '@oauth-token/redis';

import { familyOf, subjectOf } from '../server/families.mjs';

/** @typedef {import('./failpoints.mjs').Failpoints} Failpoints */
/** @typedef {import('./failpoints.mjs').Report} Report */
/** @typedef {import('@oauth-token/core').Clock} Clock */
/** @typedef {import('@oauth-token/core').TokenHttpRequest} TokenHttpRequest */
/** @typedef {ConstructorParameters<typeof RedisTokenStore>} StoreParameters */

/** The platform's clock with a wall clock that can be set. @implements {Clock} */
export class JumpingClock {
  #offset = 0;

  /** Sets the wall clock forward, or back. @param {number} ms */
  jump(ms) {
    this.#offset += ms;
  }

  now() {
    return systemClock.now() + this.#offset;
  }

  monotonic() {
    return systemClock.monotonic();
  }

  /** @type {Clock['setTimer']} */
  setTimer(callback, delayMs, keepAlive) {
    return systemClock.setTimer(callback, delayMs, keepAlive);
  }
}

/** A store whose begins and commits are failpoints. */
export class FailpointStore extends RedisTokenStore {
  #failpoints;
  #report;
  /** @type {Map<string, string>} */
  #subjects = new Map();

  /** @param {Failpoints} failpoints @param {Report} report @param {StoreParameters} parameters */
  constructor(failpoints, report, ...parameters) {
    super(...parameters);
    this.#failpoints = failpoints;
    this.#report = report;
  }

  /** The subject of a record that was begun here. @param {string} id */
  subjectOf(id) {
    return this.#subjects.get(id) ?? '';
  }

  /** @override @type {RedisTokenStore['apply']} */
  async apply(key, verb, command) {
    if (verb !== 'begin' && verb !== 'commit') return super.apply(key, verb, command);
    const place = /** @type {'begin' | 'commit'} */ (verb);
    const { subject = '' } = key;
    this.#subjects.set(this.idOf(key), subject);
    await this.#failpoints.reach(`before-${place}`, subject);
    const stored = await super.apply(key, verb, command);
    if (verb === 'commit') this.#report({ kind: 'kept', subject, by: 'commit', at: Date.now() });
    await this.#failpoints.reach(`after-${place}`, subject);
    return stored;
  }
}

/** @param {TokenHttpRequest} request @returns {string} whose token it is about */
function subjectIn({ body = '' }) {
  const parameters = new URLSearchParams(body);
  return parameters.get('username') ?? subjectOf(familyOf(parameters.get('refresh_token') ?? ''));
}

/** A transport that sends through this worker's own link, says who sends, and has failpoints around the sending. */
export class FailpointTransport extends TokenEndpointTransport {
  #inner;
  #failpoints;
  #link;
  #worker;

  /** @param {Failpoints} failpoints @param {{ link: string, worker: string, clock: Clock }} options */
  constructor(failpoints, { link, worker, clock }) {
    super();
    this.#failpoints = failpoints;
    this.#inner = new UndiciTokenEndpointTransport(clock);
    this.#link = link;
    this.#worker = worker;
  }

  /** @override @type {TokenEndpointTransport['send']} */
  async send(request, options) {
    const subject = subjectIn(request);
    const headers = {
      ...request.headers,
      'x-rig-worker': this.#worker,
      'x-rig-request': randomUUID(),
    };
    const maySend = () => {
      this.#failpoints.reachNow('before-send', subject);
      if (!(options.maySend?.() ?? true)) return false;
      // What is allowed now is written before this turn of the event loop ends.
      setImmediate(() => this.#failpoints.reachNow('after-send', subject));
      return true;
    };
    const sent = { ...request, url: this.#link, headers };
    const result = await this.#inner.send(sent, { ...options, maySend });
    await this.#failpoints.reach('after-response', subject);
    return result;
  }

  /** @override */
  close() {
    return this.#inner.close();
  }
}
