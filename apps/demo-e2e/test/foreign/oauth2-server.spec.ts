import { attemptsOf, passwordGrant } from '@oauth-token/core';
import { plainClient, REGISTRATION_ID } from './clients.js';
import { call, freshnessSuite, insist } from './freshness-suite.js';
import { type OAuth2ServerServer, startOAuth2Server, USER } from './oauth2-server-server.js';

describe('@node-oauth/oauth2-server, with password login', () => {
  const { open } = freshnessSuite<OAuth2ServerServer>({
    start: startOAuth2Server,
    grant: () => Promise.resolve(passwordGrant({ username: USER.name, password: USER.password })),
    client: plainClient,
  });

  const grantsOf = ({ requests }: OAuth2ServerServer) =>
    requests.map(({ grant, error = 'granted' }) => `${grant}: ${error}`);

  it('logs in once when the refresh token is dead', async () => {
    const { server, client } = await open();
    await call(client);
    await server.endGrant();
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(client)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.map(attemptsOf)).toContain(2);
    expect(grantsOf(server)).toEqual([
      'password: granted',
      'refresh_token: invalid_grant',
      'password: granted',
    ]);
    expect(client.events).not.toContain('reauthorizationRequired');
  });

  it('says once that a login is needed when the password was changed too, and asks no more', async () => {
    const { server, client } = await open();
    await call(client);
    server.changePassword('another-password');
    await server.endGrant();
    await insist(client);
    expect(grantsOf(server)).toEqual([
      'password: granted',
      'refresh_token: invalid_grant',
      'password: invalid_grant',
    ]);
    expect(client.events.filter((name) => name === 'reauthorizationRequired')).toHaveLength(1);

    const password = 'another-password';
    await client.manager.authenticate(
      REGISTRATION_ID,
      passwordGrant({ username: USER.name, password }),
    );
    expect((await call(client)).status).toBe(200);
  });
});
