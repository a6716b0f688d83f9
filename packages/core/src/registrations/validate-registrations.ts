import type { ConfigurationProblem } from '../errors/errors.js';
import type { ClientRegistration } from '../model/client-registration.js';
import { allowedOriginProblem } from '../attach/origin-gate.js';
import { longestTimeout } from '../timing/timing-policy.js';
import { compact } from '../util/compact.js';
import { isSecureEndpoint } from '../transport/secure-endpoint.js';

type Report = (path: string, message: string) => void;

/**
 * Everything that is wrong with a list of registrations, by path, such as `registrations[0].allowedOrigins`.
 *
 * @public
 */
export function validateRegistrations(
  registrations: readonly ClientRegistration[],
): ConfigurationProblem[] {
  const seen = new Set<string>();
  return registrations.flatMap((registration, index) => {
    const path = `registrations[${index}]`;
    const problems = validateRegistration(registration, path);
    if (seen.has(registration.registrationId)) {
      const message = `'${registration.registrationId}' is configured twice; every registration needs an id of its own.`;
      problems.push({ path: `${path}.registrationId`, message });
    }
    seen.add(registration.registrationId);
    return problems;
  });
}

/**
 * Everything that is wrong with one registration, each problem under `path`.
 *
 * @public
 */
export function validateRegistration(
  registration: ClientRegistration,
  path: string,
): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const report: Report = (member, message) => {
    problems.push({ path: `${path}.${member}`, message });
  };
  if (typeof registration.registrationId !== 'string' || registration.registrationId === '') {
    report('registrationId', 'must be a non-empty text.');
  }
  checkOrigins(registration, report);
  // Programs in JavaScript and files reach this without the compiler's help.
  if ((registration.provider as unknown) === undefined) {
    report('provider', 'is missing: give it a provider adapter, such as oidc({ tokenEndpoint }).');
    return problems;
  }
  checkClient(registration, report);
  checkGrant(registration, report);
  checkEndpoints(registration, report);
  checkHttp(registration, report);
  checkNumbers(registration, report);
  return problems;
}

function checkOrigins({ allowedOrigins }: ClientRegistration, report: Report): void {
  if (!Array.isArray(allowedOrigins) || allowedOrigins.length === 0) {
    report(
      'allowedOrigins',
      'is empty: name at least one origin, such as https://api.example.com, to which the bearer may go.',
    );
    return;
  }
  allowedOrigins.forEach((origin: unknown, index) => {
    if (typeof origin === 'function') return;
    const problem = allowedOriginProblem(origin);
    if (problem !== undefined) report(`allowedOrigins[${index}]`, problem);
  });
}

function checkClient(registration: ClientRegistration, report: Report): void {
  const { provider, clientId, clientSecret } = registration;
  const authentication = registration.clientAuthentication ?? provider.clientAuthentication;
  if (!provider.needsClientId) return;
  if (!clientId) {
    report('clientId', `is missing; the provider '${provider.name}' needs one.`);
  }
  if (authentication !== 'none' && !clientSecret) {
    report(
      'clientSecret',
      `is missing; ${authentication} needs one (clientAuthentication: 'none' does without).`,
    );
  }
}

function checkGrant({ provider, grant }: ClientRegistration, report: Report): void {
  if (grant === undefined) return;
  const type: string = grant.type;
  if (type === 'authorization_code') {
    report('grant', 'an authorization code works once: pass it to authenticate() instead.');
  } else if (!(provider.grants as readonly string[]).includes(type)) {
    const known = provider.grants.join(', ');
    report('grant', `the provider '${provider.name}' has no grant '${type}' (it has ${known}).`);
  }
  if (grant.type === 'password' && (!grant.username || !grant.password)) {
    report('grant', 'a password grant needs a username and a password.');
  }
  if (grant.type === 'refresh_token' && !grant.refreshToken) {
    report('grant.refreshToken', 'is empty.');
  }
}

function checkEndpoints({ provider }: ClientRegistration, report: Report): void {
  const { endpoints, issuer } = provider;
  if (endpoints === undefined && issuer === undefined) {
    report('provider', `'${provider.name}' has neither a token endpoint nor an issuer.`);
  }
  const urls: Readonly<Record<string, string>> = compact({ ...endpoints, issuer });
  for (const [name, url] of Object.entries(urls)) {
    if (!isSecureEndpoint(url)) {
      report('provider', `its ${name} endpoint must be an https URL (http only on loopback).`);
    }
  }
}

function checkHttp({ provider, http }: ClientRegistration, report: Report): void {
  const timeoutMs: unknown = http?.timeoutMs;
  if (timeoutMs !== undefined) {
    const longest = longestTimeout(provider.refreshTokenReuse);
    if (!isPositive(timeoutMs) || timeoutMs > longest) {
      report(
        'http.timeoutMs',
        `must be from 1 to ${Math.floor(longest)} ms: longer requests could outlive the lease under which a refresh token is safe.`,
      );
    }
  }
  if (http?.proxy !== undefined && !URL.canParse(http.proxy)) {
    report('http.proxy', 'is not a URL.');
  }
}

function checkNumbers(registration: ClientRegistration, report: Report): void {
  for (const name of ['idleAfterMs', 'concurrency'] as const) {
    const value: unknown = registration[name];
    if (value !== undefined && !isPositive(value)) report(name, 'must be a positive number.');
  }
}

const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;
