import type { DialectName, SandboxDialect } from '../dialect.js';
import { empowerIdDialect } from './empower-id.js';
import { oidcDialect } from './oidc.js';
import { twoBaDialect } from './two-ba.js';
import { veeamDialect } from './veeam.js';

/** The dialects by name. @internal */
export const DIALECTS: Readonly<Record<DialectName, SandboxDialect>> = {
  '2ba': twoBaDialect,
  veeam: veeamDialect,
  empowerid: empowerIdDialect,
  oidc: oidcDialect,
};

const byPath = new Map(
  Object.values(DIALECTS).flatMap((dialect) =>
    dialect.tokenPaths.map((path) => [path, dialect] as const),
  ),
);

const byRevocationPath = new Map(
  Object.values(DIALECTS).map((dialect) => [dialect.revocationPath, dialect] as const),
);

/** The dialect whose token endpoint a path is. @internal */
export const dialectOfTokenPath = (path: string): SandboxDialect | undefined => byPath.get(path);

/** The dialect whose revocation endpoint a path is. @internal */
export const dialectOfRevocationPath = (path: string): SandboxDialect | undefined =>
  byRevocationPath.get(path);

/** The dialect under whose protected API a path is. @internal */
export function dialectOfApiPath(path: string): SandboxDialect | undefined {
  return Object.values(DIALECTS).find(
    ({ name }) => path === `/${name}/api` || path.startsWith(`/${name}/api/`),
  );
}
