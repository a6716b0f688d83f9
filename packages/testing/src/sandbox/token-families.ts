import type { DialectName, FamilyOwner, IssuedTokens, TokenMint } from './dialect.js';
import type { DialectSettings } from './settings.js';

interface StoredToken {
  readonly family: Family;
  readonly expiresAt: number;
  revoked: boolean;
}

interface StoredRefreshToken extends StoredToken {
  readonly token: string;
  /** When it was first used, once it was. */
  spentAt?: number;
  /** Several when it was repeated within its grace. */
  readonly successors: StoredRefreshToken[];
}

/** All tokens that go back to one login. */
interface Family {
  readonly owner: FamilyOwner;
  readonly accessTokens: Map<string, StoredToken>;
  readonly refreshTokens: StoredRefreshToken[];
}

/** What tokens are issued by. @internal */
export interface Issuance {
  readonly settings: DialectSettings;
  readonly mint: TokenMint;
}

/** What became of a refresh token that was sent. @internal */
export type RefreshResult =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens; readonly rotated: boolean }
  | { readonly kind: 'refused'; readonly subject?: string; readonly reuse: boolean };

/**
 * All tokens that the sandbox has issued, by the login they go back to: rotation, grace, and what a second use ends
 * (RFC 9700, section 4.14.2).
 *
 * @internal
 */
export class TokenFamilies {
  readonly #families = new Set<Family>();
  readonly #accessTokens = new Map<string, StoredToken>();
  readonly #refreshTokens = new Map<string, StoredRefreshToken>();

  constructor(private readonly now: () => number) {}

  /** Issues the first tokens of a login. */
  login(owner: FamilyOwner, issuance: Issuance, withRefreshToken: boolean): IssuedTokens {
    const family = this.#start(owner);
    return this.#issue(
      family,
      issuance,
      withRefreshToken ? this.#addRefreshToken(family, issuance) : undefined,
    );
  }

  /** A refresh token of a login that happened elsewhere. */
  seed(owner: FamilyOwner, issuance: Issuance): string {
    return this.#addRefreshToken(this.#start(owner), issuance).token;
  }

  /** Uses a refresh token. */
  refresh(owner: FamilyOwner, token: string, issuance: Issuance): RefreshResult {
    const stored = this.#refreshTokens.get(token);
    if (stored?.family.owner.dialect !== owner.dialect) return { kind: 'refused', reuse: false };
    const { family } = stored;
    const { subject } = family.owner;
    const refused = { kind: 'refused', ...(subject === undefined ? {} : { subject }) } as const;
    // Someone else's refresh token is refused and stays as it is.
    if (family.owner.clientId !== owner.clientId) return { ...refused, reuse: false };
    if (stored.spentAt !== undefined && !this.#isRepeatable(stored, issuance.settings)) {
      if (issuance.settings.reuse === 'revokeFamily') this.#end(family);
      return { ...refused, reuse: true };
    }
    if (!this.#isLive(stored)) return { ...refused, reuse: false };
    if (issuance.settings.rotation === 'never') {
      return { kind: 'issued', tokens: this.#issue(family, issuance, stored), rotated: false };
    }
    stored.spentAt ??= this.now();
    const successor = this.#addRefreshToken(family, issuance);
    stored.successors.push(successor);
    return { kind: 'issued', tokens: this.#issue(family, issuance, successor), rotated: true };
  }

  /** Whose access token this is, while it is live. */
  ownerOfLive(dialect: DialectName, accessToken: string): FamilyOwner | undefined {
    const stored = this.#accessTokens.get(accessToken);
    if (stored === undefined || !this.#isLive(stored)) return undefined;
    return stored.family.owner.dialect === dialect ? stored.family.owner : undefined;
  }

  /** Revokes one token (RFC 7009): a refresh token ends its whole login, an access token itself alone. */
  revokeToken(owner: FamilyOwner, token: string): void {
    const stored = this.#refreshTokens.get(token) ?? this.#accessTokens.get(token);
    if (stored?.family.owner.dialect !== owner.dialect) return;
    if (stored.family.owner.clientId !== owner.clientId) return;
    if (this.#refreshTokens.has(token)) this.#end(stored.family);
    else stored.revoked = true;
  }

  /** Revokes what is live now; tells how many of each. */
  revokeLive(filter: {
    readonly dialect?: DialectName | undefined;
    readonly subject?: string | undefined;
    readonly accessTokens: boolean;
    readonly refreshTokens: boolean;
  }): { readonly accessTokens: number; readonly refreshTokens: number } {
    const revoke = (tokens: Iterable<StoredToken>): number => {
      const live = [...tokens].filter((stored) => this.#isLive(stored));
      for (const stored of live) stored.revoked = true;
      return live.length;
    };
    const count = { accessTokens: 0, refreshTokens: 0 };
    for (const { owner, accessTokens, refreshTokens } of this.#families) {
      if (filter.dialect !== undefined && filter.dialect !== owner.dialect) continue;
      if (filter.subject !== undefined && filter.subject !== owner.subject) continue;
      if (filter.accessTokens) count.accessTokens += revoke(accessTokens.values());
      if (filter.refreshTokens) {
        // A spent token stays what it is: its return is still a reuse.
        const unspent = refreshTokens.filter(({ spentAt }) => spentAt === undefined);
        count.refreshTokens += revoke(unspent);
        for (const stored of refreshTokens) stored.revoked = true;
      }
    }
    return count;
  }

  #start(owner: FamilyOwner): Family {
    const family: Family = { owner, accessTokens: new Map(), refreshTokens: [] };
    this.#families.add(family);
    return family;
  }

  #addRefreshToken(family: Family, { settings, mint }: Issuance): StoredRefreshToken {
    const now = this.now();
    const lifetime = settings.refreshTokenLifetimeSeconds ?? Infinity;
    const stored: StoredRefreshToken = {
      token: mint.mintRefreshToken(family.owner, now),
      family,
      expiresAt: now + lifetime * 1000,
      revoked: false,
      successors: [],
    };
    this.#refreshTokens.set(stored.token, stored);
    family.refreshTokens.push(stored);
    return stored;
  }

  #issue(
    family: Family,
    { settings, mint }: Issuance,
    refresh: StoredRefreshToken | undefined,
  ): IssuedTokens {
    const issuedAt = this.now();
    const expiresAt = issuedAt + settings.accessTokenLifetimeSeconds * 1000;
    const accessToken = mint.mintAccessToken(family.owner, issuedAt);
    const stored: StoredToken = { family, expiresAt, revoked: false };
    this.#forgetExpired(family);
    this.#accessTokens.set(accessToken, stored);
    family.accessTokens.set(accessToken, stored);
    return {
      owner: family.owner,
      accessToken,
      issuedAt,
      expiresAt,
      ...(refresh === undefined ? {} : { refreshToken: refresh.token }),
      ...(refresh === undefined || refresh.expiresAt === Infinity
        ? {}
        : { refreshTokenExpiresAt: refresh.expiresAt }),
    };
  }

  /** An expired access token is refused like an unknown one, so it need not be kept. */
  #forgetExpired(family: Family): void {
    for (const [token, stored] of family.accessTokens) {
      if (this.#isLive(stored)) continue;
      family.accessTokens.delete(token);
      this.#accessTokens.delete(token);
    }
  }

  #isLive(stored: StoredToken): boolean {
    return !stored.revoked && stored.expiresAt > this.now();
  }

  /** Only the token before the newest may be repeated: the use of a successor shows that its answer arrived. */
  #isRepeatable(stored: StoredRefreshToken, { graceSeconds }: DialectSettings): boolean {
    if (stored.spentAt === undefined || stored.revoked) return false;
    return (
      this.now() < stored.spentAt + graceSeconds * 1000 &&
      stored.successors.every(({ spentAt }) => spentAt === undefined)
    );
  }

  #end(family: Family): void {
    for (const stored of family.accessTokens.values()) stored.revoked = true;
    for (const stored of family.refreshTokens) stored.revoked = true;
  }
}
