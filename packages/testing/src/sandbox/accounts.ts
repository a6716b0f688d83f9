import { createHash, timingSafeEqual } from 'node:crypto';
import type { DialectName } from './dialect.js';

/** A client that the sandbox knows. @public */
export interface SandboxClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A user that the sandbox knows; the name is the subject of its tokens. @public */
export interface SandboxUser {
  readonly name: string;
  readonly password: string;
}

/** Who may log in at one dialect. @public */
export interface SandboxAccounts {
  readonly clients: readonly SandboxClient[];
  readonly users: readonly SandboxUser[];
}

const demoClient: SandboxClient = { clientId: 'demo-client', clientSecret: 'demo-secret' };

/**
 * The accounts of a sandbox that was given no others.
 *
 * @public
 */
export const DEFAULT_ACCOUNTS: Readonly<Record<DialectName, SandboxAccounts>> = {
  '2ba': { clients: [demoClient], users: [{ name: 'demo', password: 'demo-password' }] },
  veeam: { clients: [], users: [{ name: 'administrator', password: 'Password1' }] },
  empowerid: {
    clients: [demoClient],
    users: [{ name: 'demo@example.com', password: 'demo-password' }],
  },
  oidc: { clients: [demoClient], users: [{ name: 'demo', password: 'demo-password' }] },
};

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const sameSecret = (left: string, right: string): boolean =>
  timingSafeEqual(digest(left), digest(right));

/** Whether these are the credentials of a known client. @internal */
export function isClient(
  { clients }: SandboxAccounts,
  clientId: string | undefined,
  clientSecret: string | undefined,
): boolean {
  return clients.some(
    (client) => client.clientId === clientId && sameSecret(client.clientSecret, clientSecret ?? ''),
  );
}

/** Whether these are the credentials of a known user. @internal */
export function isUser({ users }: SandboxAccounts, credentials: SandboxUser): boolean {
  return users.some(
    (user) => user.name === credentials.name && sameSecret(user.password, credentials.password),
  );
}
