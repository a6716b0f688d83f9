import type { TokenSet } from '@oauth-token/core';

/** The members of a token set that are long. */
const LONG = ['accessToken', 'refreshToken', 'idToken'] as const;

type LongMember = (typeof LONG)[number];

/** The member that was packed, its last characters that make no whole group, and the lengths of its parts between the dots. */
type Packed = readonly [LongMember, rest: string, ...lengths: number[]];

/** Characters of base64 that stand for three whole bytes. */
const GROUP = 4;

/** A token set whose long members stand apart. @internal */
export interface PackedTokens {
  readonly rest: Partial<TokenSet>;
  readonly packed: readonly Packed[];
}

/**
 * Takes out of a token set what is base64url between dots, as tokens mostly are, as the bytes that it stands for: a quarter less, at a
 * fraction of what deflating costs. What is written in another way stays as it is.
 *
 * @internal
 */
export function packTokens(tokens: TokenSet): PackedTokens & { readonly bytes: readonly Buffer[] } {
  const rest: Partial<TokenSet> = { ...tokens };
  const packed: Packed[] = [];
  const bytes: Buffer[] = [];
  for (const member of LONG) {
    const text = tokens[member];
    if (text === undefined) continue;
    const parts = text.split('.');
    const joined = parts.join('');
    const whole = joined.length - (joined.length % GROUP);
    const groups = joined.slice(0, whole);
    const raw = Buffer.from(groups, 'base64url');
    if (raw.toString('base64url') !== groups) continue;
    Reflect.deleteProperty(rest, member);
    packed.push([member, joined.slice(whole), ...parts.map((part) => part.length)]);
    bytes.push(raw);
  }
  return { rest, packed, bytes };
}

/** Puts together again what {@link packTokens} took apart; `bytes` are all of its bytes in a row. @internal */
export function unpackTokens({ rest, packed }: PackedTokens, bytes: Buffer): TokenSet {
  const tokens: Record<string, unknown> = { ...rest };
  let start = 0;
  for (const [member, last, ...lengths] of packed) {
    const characters = lengths.reduce((sum, length) => sum + length, -last.length);
    const end = start + (characters / GROUP) * 3;
    const text = bytes.toString('base64url', start, end) + last;
    tokens[member] = cut(text, lengths).join('.');
    start = end;
  }
  return tokens as unknown as TokenSet;
}

function cut(text: string, lengths: readonly number[]): string[] {
  let start = 0;
  return lengths.map((length) => text.slice(start, (start += length)));
}
