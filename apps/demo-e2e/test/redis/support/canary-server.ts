import { canary } from '../../support/canary.js';
import { bodyOf, type HttpServer, listen } from '../../support/http-server.js';

/** A token endpoint whose tokens are canaries; what it refuses, it repeats. */
export class CanaryServer {
  refuses = false;
  /** How many tokens it has given out. */
  issued = 0;
  #server: HttpServer | undefined;

  get url(): string {
    return this.#server?.url ?? '';
  }

  async start(): Promise<void> {
    this.#server = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        const echo = `you sent ${decodeURIComponent(body)} with ${request.headers.authorization}`;
        const [status, content] = this.refuses
          ? [503, { error: 'temporarily_unavailable', error_description: echo }]
          : [200, this.#tokens()];
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(content));
      });
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #tokens(): object {
    this.issued += 1;
    return {
      access_token: canary(),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: canary(),
      id_token: canary(),
    };
  }
}
