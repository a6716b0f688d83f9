import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SandboxAccounts } from './accounts.js';
import { type RevokeInput, revokeLive } from './control.js';
import type { DialectName } from './dialect.js';
import { DIALECTS } from './dialects/dialects.js';
import type { SandboxFault } from './faults.js';
import type { LedgerItem } from './ledger.js';
import { BodyTooLargeError, sendReply } from './http-exchange.js';
import { optional } from './parameters.js';
import { Router } from './router.js';
import { createState, type SandboxState } from './sandbox-state.js';
import type { DialectSettings, SettingsChange } from './settings.js';
import { issuance } from './token-endpoint.js';

/** How a sandbox is set up. @public */
export interface SandboxOptions {
  /** Its clock, epoch ms. @defaultValue the wall clock */
  readonly now?: () => number;
  /** @defaultValue 127.0.0.1 */
  readonly host?: string;
  /** @defaultValue 0, any free one */
  readonly port?: number;
  /** Who may log in, by dialect. @defaultValue {@link DEFAULT_ACCOUNTS} */
  readonly accounts?: Partial<Record<DialectName, SandboxAccounts>>;
}

/**
 * An authorization server with a protected API for tests: it plays 2BA, Veeam AHV, EmpowerID and a standard server, rotates
 * refresh tokens, detects their reuse, fails on demand, and keeps a ledger of every token request.
 *
 * The methods are the same controls as those under `/_sandbox/` over HTTP.
 *
 * @public
 */
export class SandboxServer {
  readonly #state: SandboxState;
  readonly #server: Server;
  readonly #host: string;
  readonly #port: number;
  readonly #router: Router;

  constructor(options: SandboxOptions = {}) {
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
    this.#state = createState(options.now ?? Date.now, options.accounts ?? {});
    this.#router = new Router(this.#state);
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  /** Where it listens, such as `http://127.0.0.1:4000`. @throws Error before it was started */
  get url(): string {
    const { address, family, port } = this.#address();
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** @throws Error before it was started */
  get port(): number {
    return this.#address().port;
  }

  /** Starts to listen. Rejects with the error of the platform, such as `EADDRINUSE`. */
  async start(): Promise<{ readonly url: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.#host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return { url: this.url, port: this.port };
  }

  /** Stops, and closes every connection, also those that hang. */
  async stop(): Promise<void> {
    this.#router.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  /** Every token request so far, in the order of arrival. */
  ledger(): readonly LedgerItem[] {
    return this.#state.ledger.items();
  }

  clearLedger(): void {
    this.#state.ledger.clear();
  }

  /** Changes settings of one dialect, or of all. @throws {@link ControlInputError} */
  configure(change: SettingsChange): void {
    this.#state.settings.change(change);
  }

  /** The present settings of a dialect. */
  settings(dialect: DialectName): DialectSettings {
    return this.#state.settings.of(dialect);
  }

  /** Revokes what is live now; tells how many of each. @throws {@link ControlInputError} */
  revoke(input: RevokeInput = {}): {
    readonly accessTokens: number;
    readonly refreshTokens: number;
  } {
    return revokeLive(this.#state, input);
  }

  /** Lines up a fault for the next requests. @throws {@link ControlInputError} */
  addFault(fault: SandboxFault): void {
    this.#state.faults.add(fault);
  }

  clearFaults(): void {
    this.#state.faults.clear();
  }

  /** Mints a refresh token as if its subject had logged in elsewhere; by default of the dialect's first client. */
  seedRefreshToken(
    dialect: DialectName,
    owner: { readonly subject?: string; readonly clientId?: string } = {},
  ): string {
    const clientId = owner.clientId ?? this.#state.accounts[dialect].clients[0]?.clientId;
    return this.#state.families.seed(
      { dialect, ...optional('clientId', clientId), ...optional('subject', owner.subject) },
      issuance(this.#state, DIALECTS[dialect]),
    );
  }

  #address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('The sandbox does not listen; await start() first.');
    }
    return address;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#router.handle(request, response);
    } catch (error) {
      // The other side is gone, or what it sent cannot be read: there is no one to tell more.
      if (request.destroyed && !request.complete) return;
      const status = error instanceof BodyTooLargeError ? 413 : 500;
      sendReply(response, { status, body: { error: `status_${status}` } }, new Date());
    }
  }
}
