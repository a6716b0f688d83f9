/**
 * What a service does with the packages, run inside each throw-away consumer: a Nest module boots, a token is fetched
 * from a sandbox, and a call survives a revoked token with exactly one token request.
 *
 * @param {Record<'common' | 'core' | 'schedule' | 'engine' | 'providers' | 'oauth' | 'testing', any>} packages as the consumer loaded them
 */
exports.scenario = async function scenario(packages) {
  const sandbox = new packages.testing.SandboxServer();
  await sandbox.start();
  try {
    const application = await packages.core.NestFactory.createApplicationContext(
      serviceModule(packages, sandbox.url),
      { logger: ['error', 'warn'], abortOnError: false },
    );
    await survivesRevocation(application, packages.oauth, sandbox).finally(() =>
      application.close(),
    );
  } finally {
    await sandbox.stop();
  }
};

/** A module as a user writes it, without decorators' syntax. */
function serviceModule({ common, schedule, engine, providers, oauth }, origin) {
  class AppModule {}
  const registration = {
    registrationId: 'acme',
    provider: providers.oidc({ tokenEndpoint: `${origin}/oidc/token` }),
    clientId: 'demo-client',
    clientSecret: 'demo-secret',
    grant: engine.passwordGrant({ username: 'demo', password: 'demo-password' }),
    allowedOrigins: [origin],
  };
  common.Module({
    imports: [
      schedule.ScheduleModule.forRoot(),
      oauth.OAuthTokenModule.forRoot({ registrations: [registration] }),
      oauth.OAuthTokenModule.forFeature(['acme']),
    ],
    providers: [callerProvider(oauth)],
  })(AppModule);
  return AppModule;
}

/** A class that gets its client by injection. */
class Caller {
  constructor(http) {
    this.http = http;
  }
}

function callerProvider(oauth) {
  oauth.InjectOAuthHttp('acme')(Caller, undefined, 0);
  return Caller;
}

async function survivesRevocation(application, oauth, sandbox) {
  const { http } = application.get(Caller);
  const token = await application.get(oauth.OAuthTokenService).getAccessToken('acme');
  expect('a token is fetched', typeof token === 'string' && token.length > 0);
  const first = await http.axiosRef.get(`${sandbox.url}/oidc/api/ping`);
  expect('a call with it answers 200', first.status === 200);

  sandbox.revoke({ dialect: 'oidc', accessTokens: true });
  sandbox.clearLedger();
  const second = await http.axiosRef.get(`${sandbox.url}/oidc/api/ping`);
  expect('a call after its revocation answers 200', second.status === 200);
  const requests = sandbox.ledger().length;
  expect(`with one token request, and there were ${requests}`, requests === 1);
}

function expect(what, holds) {
  if (!holds) throw new Error(`Expected: ${what}`);
  console.log(`  ok: ${what}`);
}
