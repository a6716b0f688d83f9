import { SandboxServer, sandboxUrls } from '@oauth-token/testing';
import type { SandboxAppSettings } from './settings.js';

/** The sandbox could not listen where it was told to; says what to do. @internal */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const explain = ({ host, port }: SandboxAppSettings, code: string | undefined): string => {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken. Stop what listens there, or set SANDBOX_PORT to another one.`;
    case 'EACCES':
      return `Port ${port} on ${host} may not be used by this user. Set SANDBOX_PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}. Set HOST to one that it has, such as 127.0.0.1.`;
    default:
      return `It cannot listen on ${host}, port ${port} (${code ?? 'unknown error'}).`;
  }
};

/**
 * Starts a sandbox.
 *
 * @throws {@link StartError} when it cannot listen there
 * @internal
 */
export async function startSandbox(settings: SandboxAppSettings): Promise<SandboxServer> {
  const sandbox = new SandboxServer(settings);
  try {
    await sandbox.start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`The sandbox does not start: ${explain(settings, code)}`);
  }
  return sandbox;
}

/** What a person wants to know of a sandbox that runs, line by line. @internal */
export function describeSandbox(url: string): readonly string[] {
  const { dialects, control } = sandboxUrls(url);
  const lines = Object.entries(dialects).flatMap(([name, urls]) =>
    Object.entries(urls).map(
      ([what, value]) => `  ${name.padEnd(10)} ${what.padEnd(10)} ${[value].flat().join('  ')}`,
    ),
  );
  return [
    `Sandbox authorization server on ${url}`,
    ...lines,
    ...control.map((path) => `  ${'control'.padEnd(21)} ${path}`),
  ];
}
