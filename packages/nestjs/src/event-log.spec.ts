import { ScheduleModule } from '@nestjs/schedule';
import { eventually, useBench } from '../test/compile.js';
import { SECRETS } from '../test/servers.js';
import { OAuthTokenModule, OAuthTokenService } from './index.js';

const bench = useBench();

const boot = async (lifetimeSeconds = 100): Promise<OAuthTokenService> => {
  bench.servers.lifetimeSeconds = lifetimeSeconds;
  const registrations = [bench.servers.registration()];
  const app = await bench.boot([
    ScheduleModule.forRoot(),
    OAuthTokenModule.forRoot({ registrations, refresher: false }),
  ]);
  const tokens = app.get(OAuthTokenService);
  await tokens.getAccessToken('acme').catch(() => undefined);
  return tokens;
};

afterEach(() => {
  const printed = JSON.stringify(bench.logger.lines);
  for (const secret of Object.values(SECRETS)) expect(printed).not.toContain(secret);
});

const time = (offsetMs: number): string =>
  new Date(bench.clock.now() + offsetMs).toTimeString().slice(0, 8);

it('writes one line for a login and one for each renewal', async () => {
  const tokens = await boot();
  await tokens.refresh('acme');
  await tokens.authenticate(
    { registrationId: 'acme', subject: 'anna' },
    { type: 'password', username: 'anna', password: SECRETS.password },
  );
  expect(bench.logger.own).toEqual([
    `log acme logged in (boot): next due ${time(80_000)}, valid until ${time(100_000)}`,
    `log acme renewed (manual): next due ${time(80_000)}, valid until ${time(100_000)}`,
    `log acme (subject anna) logged in (login): next due ${time(80_000)}, valid until ${time(100_000)}`,
  ]);
});

it('adds the date when a time is not of today', async () => {
  await boot(3_600_000);
  expect(bench.logger.own[0]).toMatch(/next due 2026-06-\d\d \d\d:\d\d:\d\d, valid until 2026-06-/);
});

it('warns of a failed renewal, and says what comes next', async () => {
  const tokens = await boot();
  bench.servers.failWith = { status: 503, error: 'temporarily_unavailable' };
  await tokens.refresh('acme');
  const warnings = bench.logger.own.filter((line) => line.startsWith('warn'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^warn acme not renewed \(manual\): transient, .* Next try at \d\d:\d\d:\d\d; a token that is still valid stays in use\.$/,
  );
});

it('tells as an error who has to log in again, and how', async () => {
  bench.servers.failWith = { status: 400, error: 'invalid_grant' };
  await boot();
  const errors = (): string[] => bench.logger.own.filter((line) => line.startsWith('error'));
  await eventually(() => errors().length > 0);
  expect(errors()).toHaveLength(1);
  expect(errors()[0]).toMatch(
    /^error acme has to log in again \(invalid_grant\): .*authenticate\(/,
  );
});

it('tells the work of other replicas, and what is no renewal, more quietly', async () => {
  const { events } = await boot();
  bench.logger.lines.length = 0;
  const at = bench.clock.now();
  const base = { registrationId: 'acme', at, version: 2, origin: 'fleet' as const };
  const renewal = { ...base, provider: 'plain', reason: 'due' as const };
  events.emit('refreshed', { ...renewal, expiresAt: at + 2_000, dueAt: Infinity });
  events.emit('refreshFailed', { ...renewal, outcome: 'transient', code: 'x', message: 'y' });
  events.emit('reauthorizationRequired', { ...base, provider: 'plain', code: 'x', message: 'y' });
  events.emit('staleServed', { ...base, expiresAt: at + 1_000 });
  events.emit('retriedAfter401', { ...base, url: 'https://api.example/x', status: 401 });
  events.emit('orphanFound', { ...base, owner: 'host/7' });
  expect(bench.logger.own).toEqual([
    `debug acme renewed (due): next due never, valid until ${time(2_000)}, by another replica`,
    `debug acme served unrenewed, valid until ${time(1_000)}`,
    'debug acme sent again after 401: https://api.example/x',
    'warn acme took over a renewal that host/7 left behind',
  ]);
});
