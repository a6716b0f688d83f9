import { Catch, Logger, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { describeFailure } from './failure.js';

/** Answers every error of a message as `{ code, message }`. */
@Catch()
export class RpcFailureFilter implements RpcExceptionFilter {
  readonly #logger = new Logger('Tcp');

  catch(error: unknown): Observable<never> {
    const { status, code, detail } = describeFailure(error, Date.now());
    if (status === 500) this.#logger.error(error);
    return throwError(() => ({ code, message: detail }));
  }
}
