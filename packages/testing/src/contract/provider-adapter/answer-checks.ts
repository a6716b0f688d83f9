import assert from 'node:assert/strict';
import type {
  Grant,
  ProviderAdapter,
  ReceivedTokens,
  TokenAnswer,
  TokenHttpResponse,
} from '@oauth-token/core';
import { deepFreeze } from './request-checks.js';
import {
  type ExpectedAnswer,
  FIXTURE_SENT_AT,
  type FixtureResponse,
  type ProviderFixture,
} from './provider-fixture.js';

/** A place in a JSON answer. */
type Path = readonly string[];

/** An answer as it comes over the wire. @internal */
export const toResponse = ({
  status = 200,
  headers,
  body,
}: FixtureResponse): TokenHttpResponse => ({
  status,
  headers: headers ?? { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** Reads an answer with inputs that must not be changed. @internal */
export const parse = (
  adapter: ProviderAdapter,
  response: TokenHttpResponse,
  grant: Grant,
  sentAt: number = FIXTURE_SENT_AT,
): TokenAnswer => adapter.parseResponse(deepFreeze(response), deepFreeze({ grant, sentAt }));

/** Fails when an answer is not read as expected. @internal */
export function checkAnswer(answer: TokenAnswer, expected: ExpectedAnswer): void {
  assert.equal(answer.outcome, expected.outcome);
  if (answer.outcome === 'refreshed') {
    const tokens = answer.tokens as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(expected.tokens ?? {})) {
      assert.deepEqual(tokens[name], value, name);
      if (value === undefined) assert.ok(!(name in tokens), `${name} is absent`);
    }
    return;
  }
  if (expected.code !== undefined) assert.equal(answer.code, expected.code);
  if (expected.retryAfterMs !== undefined) assert.equal(answer.retryAfterMs, expected.retryAfterMs);
}

/** A fixture whose JSON answer brings a refresh token, with the places of its parts. @internal */
export interface BendableAnswer {
  readonly fixture: ProviderFixture;
  readonly response: TokenHttpResponse;
  readonly body: object;
  readonly tokens: ReceivedTokens & { readonly accessToken: string; readonly refreshToken: string };
  /** Leaves that may be bent, the refresh token's own aside. */
  readonly others: readonly Path[];
}

/** Members that say that an answer is an error or a success: bending them makes another answer. */
const VERDICTS = /^(error|error_description|error_uri|errors?|ok|success|status|result)$/i;

/** The fixture's answer as something to bend, or nothing when it brings no refresh token as JSON. @internal */
export function bendable(
  adapter: ProviderAdapter,
  fixture: ProviderFixture,
): BendableAnswer | undefined {
  if (fixture.response === undefined) return undefined;
  const response = toResponse(fixture.response);
  const body = readObject(response.body);
  const answer = parse(adapter, response, fixture.grant, fixture.sentAt);
  if (body === undefined || answer.outcome !== 'refreshed' || answer.defect !== undefined) {
    return undefined;
  }
  const { accessToken, refreshToken } = answer.tokens;
  if (accessToken === undefined || refreshToken === undefined) return undefined;
  const others = leafPaths(body).filter(
    (path) =>
      valueAt(body, path) !== refreshToken &&
      !path.some((name) => VERDICTS.test(name) || fixture.fixedMembers?.includes(name)),
  );
  return {
    fixture,
    response,
    body,
    tokens: { ...answer.tokens, accessToken, refreshToken },
    others,
  };
}

/** Reads the answer with one value, at all its places, replaced; `undefined` removes it. @internal */
export function parseBent(
  adapter: ProviderAdapter,
  { fixture, response, body }: BendableAnswer,
  places: readonly Path[],
  value: unknown,
): TokenAnswer {
  const bent = structuredClone(body);
  for (const path of places) setAt(bent, path, value);
  const changed = { ...response, body: JSON.stringify(bent) };
  return parse(adapter, changed, fixture.grant, fixture.sentAt);
}

/** Fails when an absent, null or empty refresh token reads as one. @internal */
export function checkKeptRefreshToken(adapter: ProviderAdapter, answer: BendableAnswer): void {
  const places = placesOf(answer.body, answer.tokens.refreshToken);
  for (const value of [undefined, null, '']) {
    const bent = parseBent(adapter, answer, places, value);
    const what = `refresh token ${JSON.stringify(value)}`;
    assert.ok(bent.outcome === 'refreshed', `${what}: is a success all the same`);
    assert.ok(!('refreshToken' in bent.tokens), `${what}: leaves the old one in place`);
  }
}

/** Fails when an unusable access token takes the refresh token beside it down. @internal */
export function checkDefectKeepsRefreshToken(
  adapter: ProviderAdapter,
  answer: BendableAnswer,
): void {
  const places = placesOf(answer.body, answer.tokens.accessToken);
  for (const value of [undefined, null, '', {}, 7, 'a\r\nx-evil: 1', 'tökén']) {
    const bent = parseBent(adapter, answer, places, value);
    const what = `access token ${JSON.stringify(value)}`;
    assert.ok(bent.outcome === 'refreshed', `${what}: the refresh token is kept`);
    assert.equal(bent.tokens.refreshToken, answer.tokens.refreshToken, what);
    assert.equal(bent.tokens.accessToken, undefined, what);
    assert.ok(bent.defect, `${what}: the defect is told`);
    const told = JSON.stringify(bent.defect);
    assert.ok(!told.includes(answer.tokens.refreshToken), 'the defect tells no secret');
  }
}

function readObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const leafPaths = (value: unknown, at: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, member]) => leafPaths(member, [...at, name]))
    : [at];

const placesOf = (body: object, value: unknown): readonly Path[] =>
  leafPaths(body).filter((path) => valueAt(body, path) === value);

const valueAt = (body: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], body);

function setAt(body: object, path: Path, value: unknown): void {
  const parent = valueAt(body, path.slice(0, -1)) as Record<string, unknown>;
  const name = path.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(parent, name);
  else parent[name] = value;
}
