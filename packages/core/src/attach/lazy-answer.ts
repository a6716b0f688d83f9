import type { ApiResponse } from '../provider/provider-adapter.js';

/**
 * What is judged of an API's answer; its headers are made into texts only when they are asked for, which almost no answer
 * needs.
 *
 * @internal
 */
export class LazyAnswer<Headers> implements ApiResponse {
  constructor(
    readonly status: number,
    private readonly given: Headers,
    private readonly toTexts: (given: Headers) => Readonly<Record<string, string>>,
  ) {}

  get headers(): Readonly<Record<string, string>> {
    return this.toTexts(this.given);
  }
}

/** The headers of an answer as texts, by lower-case names. @internal */
export function headerTexts(headers: object | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {}) as [string, unknown][]) {
    texts[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return texts;
}
