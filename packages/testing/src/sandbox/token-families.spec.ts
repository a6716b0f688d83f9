import fc from 'fast-check';
import type { FamilyOwner, TokenMint } from './dialect.js';
import { DEFAULT_SETTINGS, type DialectSettings } from './settings.js';
import { TokenFamilies } from './token-families.js';

const owner: FamilyOwner = { dialect: 'oidc', clientId: 'c', subject: 's' };

/** Uses of the first, second, third... refresh token ever issued, and time that passes between them. */
const steps = fc.array(
  fc.record({ use: fc.nat({ max: 12 }), wait: fc.constantFrom(0, 1_000, 6_000) }),
  { maxLength: 30 },
);

const settings = fc.record({
  graceSeconds: fc.constantFrom(0, 5),
  reuse: fc.constantFrom('revokeFamily' as const, 'reject' as const),
});

const run = (
  chosen: Partial<DialectSettings>,
  each: typeof steps extends fc.Arbitrary<infer T> ? T : never,
) => {
  let now = 0;
  let minted = 0;
  const mint: TokenMint = {
    mintAccessToken: () => `access-${(minted += 1)}`,
    mintRefreshToken: () => `refresh-${(minted += 1)}`,
  };
  const issuance = { settings: { ...DEFAULT_SETTINGS.oidc, ...chosen }, mint };
  const families = new TokenFamilies(() => now);
  const issued = [families.login(owner, issuance, true)];
  const firstUse = new Map<string, number>();
  const log = each.map(({ use, wait }) => {
    now += wait;
    const token = issued[use % issued.length]?.refreshToken ?? '';
    const result = families.refresh(owner, token, issuance);
    const spentBefore = firstUse.get(token);
    if (result.kind === 'issued') {
      issued.push(result.tokens);
      if (spentBefore === undefined) firstUse.set(token, now);
    }
    return { now, result, spentBefore };
  });
  const alive = issued.filter(
    ({ accessToken }) => families.ownerOfLive('oidc', accessToken) !== undefined,
  );
  return { log, alive };
};

describe('TokenFamilies', () => {
  it('never serves a spent refresh token outside its grace, and calls only those reused', () => {
    fc.assert(
      fc.property(settings, steps, (chosen, each) => {
        for (const { now, result, spentBefore } of run(chosen, each).log) {
          const graceOver =
            spentBefore !== undefined && now >= spentBefore + chosen.graceSeconds * 1000;
          if (graceOver) expect(result.kind).toBe('refused');
          if (result.kind === 'refused' && result.reuse) expect(spentBefore).toBeDefined();
        }
      }),
    );
  });

  it('serves nothing of a login any more once a reuse has ended it', () => {
    fc.assert(
      fc.property(steps, (each) => {
        const { log, alive } = run({ reuse: 'revokeFamily' }, each);
        const reused = log.findIndex(({ result }) => result.kind === 'refused' && result.reuse);
        if (reused < 0) return;
        expect(log.slice(reused).some(({ result }) => result.kind === 'issued')).toBe(false);
        expect(alive).toEqual([]);
      }),
    );
  });
});
