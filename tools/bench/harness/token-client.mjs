import { URLSearchParams } from 'node:url';

import { Pool } from 'undici';

/** @typedef {{ access_token: string, refresh_token: string, expires_in: number }} TokenAnswer */

/** The token request that everybody would write: a keep-alive pool and one POST. */
export class TokenClient {
  #pool;
  #path;

  /** @param {string} tokenUrl @param {number} [connections] */
  constructor(tokenUrl, connections = 64) {
    const { origin, pathname } = new URL(tokenUrl);
    this.#pool = new Pool(origin, { connections });
    this.#path = pathname;
  }

  /** @param {string} refreshToken @returns {Promise<TokenAnswer>} */
  async refresh(refreshToken) {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'Basic YmVuY2g6YmVuY2gtc2VjcmV0',
      },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      }).toString(),
    });
    const answer = await body.text();
    if (statusCode !== 200) throw new Error(`The token endpoint refused: ${answer}`);
    return JSON.parse(answer);
  }

  close() {
    return this.#pool.destroy();
  }
}
