import { randomBytes } from 'node:crypto';

/** Characters of both tokens together. */
export const TOKEN_CHARACTERS = 2_000;

const ACCESS_CHARACTERS = 1_500;
const JWT_HEADER = Buffer.from('{"alg":"RS256","typ":"JWT","kid":"1"}').toString('base64url');

/** @param {number} characters @returns {string} */
const noise = (characters) => randomBytes(characters).toString('base64url').slice(0, characters);

/**
 * Tokens as servers make them: a JWT and an opaque refresh token. Their text is random, so nothing of it can be guessed
 * and only its alphabet can be compressed.
 *
 * @param {string} mark begins the refresh token
 * @returns {{ accessToken: string, refreshToken: string }}
 */
export function tokenTexts(mark) {
  const signature = 342;
  const payload = ACCESS_CHARACTERS - JWT_HEADER.length - signature - 2;
  return {
    accessToken: `${JWT_HEADER}.${noise(payload)}.${noise(signature)}`,
    refreshToken: `${mark}.${noise(TOKEN_CHARACTERS - ACCESS_CHARACTERS)}`.slice(
      0,
      TOKEN_CHARACTERS - ACCESS_CHARACTERS,
    ),
  };
}
