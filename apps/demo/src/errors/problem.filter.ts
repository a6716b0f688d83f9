import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { describeFailure, type Failure } from './failure.js';

/**
 * Answers every error as `application/problem+json`.
 *
 * @see [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const failure = describeFailure(error, Date.now());
    if (failure.status === 500) this.#logger.error(error);
    const response = host.switchToHttp().getResponse<ServerResponse>();
    if (response.headersSent) return;
    const { status, retryAfterSeconds } = failure;
    response.statusCode = status;
    response.setHeader('content-type', 'application/problem+json');
    // RFC 9110, section 15.5.2: a 401 names a scheme.
    if (status === 401) response.setHeader('www-authenticate', 'ApiKey');
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
    response.end(JSON.stringify(toProblem(failure)));
  }
}

const toProblem = ({ status, code, title, detail, members }: Failure): object => ({
  type: `urn:oauth-token:error:${code}`,
  title,
  status,
  detail,
  code,
  ...members,
});
