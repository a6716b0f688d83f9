import { attemptsOf, type ClientRegistration, type Grant } from '@oauth-token/core';
import { oidc } from '@oauth-token/providers';
import type { AxiosResponse } from 'axios';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../support/wait-for.js';
import { type ApiClient, REGISTRATION_ID } from './clients.js';
import { CLIENT, type ForeignServer } from './foreign-server.js';

/** How the suite meets one foreign server. */
export interface Meeting<Server extends ForeignServer> {
  start(lifetimeSeconds: number): Promise<Server>;
  /** How the registration logs in at first. */
  grant(server: Server): Promise<Grant>;
  client(registration: ClientRegistration, baseURL: string): Promise<ApiClient>;
}

/** A server with one client of it, for one test. */
export interface Bench<Server extends ForeignServer> {
  readonly server: Server;
  readonly client: ApiClient;
}

/** Short, so that a few lifetimes fit a test. */
const LIFETIME_SECONDS = 3;
/** Long, so that nothing falls due by itself. */
const LONG_SECONDS = 120;

/** What every authorization server must see of a client that keeps its tokens fresh. */
export function freshnessSuite<Server extends ForeignServer>(
  meeting: Meeting<Server>,
): { readonly open: () => Promise<Bench<Server>> } {
  const opened: { stop(): Promise<void> }[] = [];

  const openWith = async (lifetimeSeconds: number): Promise<Bench<Server>> => {
    const server = await meeting.start(lifetimeSeconds);
    opened.push(server);
    const registration = registrationAt(server, await meeting.grant(server));
    const client = await meeting.client(registration, server.api.url);
    opened.push({ stop: () => client.close() });
    return { server, client };
  };

  afterEach(async () => {
    for (const part of opened.splice(0).reverse()) await part.stop();
  });

  it('stays fresh over several lifetimes, each renewal ahead and no refresh token sent twice', async () => {
    const { server, client } = await openWith(LIFETIME_SECONDS);
    await waitFor('two renewals without a call', 8_000, () => server.requests.length >= 3);
    const answers = [await call(client)];
    await waitFor('a third among calls', 4_000, async () => {
      answers.push(await call(client));
      return server.requests.length >= 4;
    });
    answers.push(await call(client));
    expect(answers.map(({ status }) => status)).not.toContain(401);
    expect(answers.filter((answer) => attemptsOf(answer) === 2)).toHaveLength(0);
    expect(server.api.calls.filter(({ status }) => status !== 200)).toHaveLength(0);
    expectGoodRecord(server);
    for (const [index, { at }] of server.requests.slice(1).entries()) {
      const endsAt = (server.requests[index]?.at ?? 0) + LIFETIME_SECONDS * 1_000;
      expect(at).toBeLessThan(endsAt);
    }
  }, 20_000);

  it('resends a call once after a 401, with one token request', async () => {
    const { server, client } = await openWith(LONG_SECONDS);
    await call(client);
    await server.endAccessTokens();
    const answer = await call(client, 'after');
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBe(2);
    expect(statusesOf(server, 'after')).toEqual([401, 200]);
    expect(server.requests).toHaveLength(2);
    expectGoodRecord(server);
  });

  it('makes one token request for 50 parallel calls on an ended token, each resent at most once', async () => {
    const { server, client } = await openWith(LONG_SECONDS);
    await call(client);
    await server.endAccessTokens();
    const ids = Array.from({ length: 50 }, (_, index) => `parallel-${index}`);
    const answers = await Promise.all(ids.map((id) => call(client, id)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    for (const id of ids) {
      expect([[200], [401, 200]]).toContainEqual(statusesOf(server, id));
    }
    expect(server.api.calls.filter(({ status }) => status === 401).length).toBeGreaterThan(1);
    expect(server.requests).toHaveLength(2);
    expectGoodRecord(server);
  });

  it('asks once with a wrong client secret, and its tokens live on', async () => {
    const { server, client } = await openWith(LONG_SECONDS);
    await call(client);
    await server.changeClientSecret('another-secret-9876543210');
    const renewal = await client.manager.refresh(REGISTRATION_ID);
    expect(renewal).toMatchObject({ outcome: 'misconfigured', code: 'invalid_client' });
    expect((await client.manager.status(REGISTRATION_ID)).state).toBe('misconfigured');
    for (let round = 0; round < 3; round += 1) {
      await client.tick();
      expect((await call(client)).status).toBe(200);
    }
    expect(server.requests.map(({ error }) => error)).toEqual([undefined, 'invalid_client']);

    await server.changeClientSecret(CLIENT.secret);
    const mended = await client.manager.refresh(REGISTRATION_ID);
    expect(mended).toMatchObject({ outcome: 'refreshed' });
    expect(server.reuses()).toBe(0);
  });

  return { open: () => openWith(LONG_SECONDS) };
}

/** One call of the API. */
export const call = (client: ApiClient, id = ''): Promise<AxiosResponse> =>
  client.http.get('/things', { headers: { 'x-call': id } });

/** Calls and sweeps for a while on a token that nothing can renew. */
export async function insist(client: ApiClient): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await expect(call(client)).rejects.toMatchObject({ code: 'reauthorization_required' });
    await client.tick();
    await sleep(100);
  }
}

export const registrationAt = (server: ForeignServer, grant: Grant): ClientRegistration => ({
  registrationId: REGISTRATION_ID,
  provider: oidc({ tokenEndpoint: server.tokenEndpoint }),
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  clientAuthentication: 'client_secret_basic',
  grant,
  allowedOrigins: [server.api.url],
});

/** Every request was granted, with the refresh token that the one before was given, and none was sent twice. */
function expectGoodRecord({ requests, reuses }: ForeignServer): void {
  expect(requests.map(({ error }) => error)).toEqual(requests.map(() => undefined));
  const sent = requests.flatMap(({ refreshToken = [] }) => refreshToken);
  expect(new Set(sent).size).toBe(sent.length);
  for (const [index, { refreshToken }] of requests.slice(1).entries()) {
    expect(refreshToken).toBe(requests[index]?.issued);
  }
  expect(reuses()).toBe(0);
}

const statusesOf = (server: ForeignServer, id: string): readonly number[] =>
  server.api.calls.filter((seen) => seen.id === id).map(({ status }) => status);
