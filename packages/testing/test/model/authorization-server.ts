/**
 * `strict`: a refresh token that is used twice ends its family · `grace`: the last one may be repeated for a while, every answer is
 * a new token and all of them live · `newest`: a repetition kills the tokens of the earlier answers, the use of a new one ends
 * the while · `repeating`: a repetition is answered with the same new token.
 */
export type ServerKind = 'strict' | 'grace' | 'newest' | 'repeating';

/** What became of the answer that carried a token: on its way, in a journal or record, or gone. */
export type Fate = 'flying' | 'secured' | 'crash' | 'answer';

/** A refresh token as its authorization server knows it; its number is its place in the list. */
export interface ServerToken {
  /** The login that it descends from. */
  readonly family: number;
  readonly parent: number;
  readonly life: 'living' | 'spent' | 'dead';
  /** Until when a spent one may be repeated, ms. */
  readonly repeatUntil: number;
  readonly fate: Fate;
  /** Why its family was ended by a second use of it. */
  readonly reused?: string;
}

/** All refresh tokens that were ever issued, oldest first. */
export type Server = readonly ServerToken[];

/** How a token request was answered: with the number of a token, or with `invalid_grant`. */
export interface ServerAnswer {
  readonly server: Server;
  readonly token: number | 'dead';
}

/** The name of a refresh token; it serves as its fingerprint. */
export const nameOf = (token: number): string => `t${token}`;

/** The token of a name; -1 when it is none's. */
export const numberOf = (name: string | undefined): number =>
  name?.startsWith('t') === true ? Number(name.slice(1)) : -1;

export const isLiving = (server: Server, token: number): boolean =>
  server[token]?.life === 'living';

/** Whether a spent one would be answered with a new one yet. */
export const isRepeatable = (server: Server, token: number, now: number): boolean =>
  server[token]?.life === 'spent' && server[token].repeatUntil >= now;

export const familyOf = (server: Server, token: number): number => server[token]?.family ?? -1;

/** The server with some members of one token changed. */
export const change = (server: Server, token: number, changes: Partial<ServerToken>): Server =>
  server.map((known, index) => (index === token ? { ...known, ...changes } : known));

/** The server with every token of a family dead. */
export const endFamily = (server: Server, family: number): Server =>
  server.map((token) => (token.family === family ? { ...token, life: 'dead' } : token));

/** A login: the first token of a new family. */
export function login(server: Server, fate: Fate): ServerAnswer & { readonly token: number } {
  const family = 1 + Math.max(-1, ...server.map((token) => token.family));
  return issue(server, family, -1, fate);
}

/** A use of a refresh token, at a server that lets it be repeated for `graceMs`. */
export function refresh(
  kind: ServerKind,
  server: Server,
  token: number,
  now: number,
  graceMs: number,
): ServerAnswer {
  const known = server[token];
  if (known === undefined || known.life === 'dead') return { server, token: 'dead' };
  if (known.life === 'living') {
    return rotate(kind, server, token, kind === 'strict' ? -1 : now + graceMs);
  }
  if (!isRepeatable(server, token, now)) return reuse(kind, server, known.family);
  return repeat(kind, server, token);
}

function rotate(kind: ServerKind, server: Server, token: number, until: number): ServerAnswer {
  const { family, parent } = server[token] as ServerToken;
  const spent = change(server, token, { life: 'spent', repeatUntil: until });
  // The use of a new token ends the while in which the one before could be repeated.
  const closed = kind === 'newest' ? change(spent, parent, { repeatUntil: -1 }) : spent;
  return issue(closed, family, token, 'flying');
}

function repeat(kind: ServerKind, server: Server, token: number): ServerAnswer {
  const { family } = server[token] as ServerToken;
  const isChild = (other: ServerToken): boolean => other.parent === token;
  if (kind === 'repeating') {
    const child = server.findIndex(isChild);
    if (!isLiving(server, child)) return reuse(kind, server, family);
    // The same token is on its way once more; who has it already keeps it.
    const secured = server[child]?.fate === 'secured';
    const again = secured ? server : change(server, child, { fate: 'flying' });
    return { server: again, token: child };
  }
  const others: Server =
    kind === 'newest'
      ? server.map((other) => (isChild(other) ? { ...other, life: 'dead' } : other))
      : server;
  return issue(others, family, token, 'flying');
}

function reuse(kind: ServerKind, server: Server, family: number): ServerAnswer {
  const isForgiving = kind === 'newest' || kind === 'repeating';
  return { server: isForgiving ? server : endFamily(server, family), token: 'dead' };
}

function issue(
  server: Server,
  family: number,
  parent: number,
  fate: Fate,
): { readonly server: Server; readonly token: number } {
  const token: ServerToken = { family, parent, life: 'living', repeatUntil: -1, fate };
  return { server: [...server, token], token: server.length };
}
