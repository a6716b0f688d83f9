/** One thing that is wrong with what a caller sent. */
export interface InputProblem {
  /** The field, such as `url`. */
  readonly path: string;
  readonly message: string;
}

/** What a caller sent cannot be used; names every field. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  readonly code = 'invalid_request';

  constructor(readonly problems: readonly InputProblem[]) {
    super(problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(' '));
  }
}

/** The caller may not do this: the API key is missing or wrong, or the request came by a name that is not loopback. */
export class AccessRefusedError extends Error {
  override readonly name = 'AccessRefusedError';

  constructor(readonly code: 'invalid_api_key' | 'host_not_allowed') {
    super(
      code === 'invalid_api_key'
        ? 'This needs the API key: header x-api-key over HTTP, member apiKey of a TCP message.'
        : 'Without an API key the demo answers on loopback only: call it as 127.0.0.1 or localhost.',
    );
  }
}
