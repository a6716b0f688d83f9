import type { ConfigurationProblem } from '@oauth-token/core';
import { createServer } from 'node:net';
import type { Settings } from '../settings/settings.js';

/**
 * What stands in the way of listening, told by the variable to set.
 *
 * @internal
 */
export async function portProblems({
  host,
  httpPort,
  tcpPort,
}: Settings): Promise<ConfigurationProblem[]> {
  const looks = [
    look(host, httpPort, 'PORT', 'HTTP'),
    look(host, tcpPort, 'TCP_PORT', 'the TCP microservice'),
  ];
  const found = (await Promise.all(looks)).flat();
  // A host that is wrong is wrong for both.
  return found.filter(
    ({ path }, index) => found.findIndex((other) => other.path === path) === index,
  );
}

async function look(
  host: string,
  port: number,
  variable: string,
  what: string,
): Promise<ConfigurationProblem[]> {
  const code = await tryToListen(host, port);
  if (code === undefined) return [];
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${host}, for ${what}, is taken. Set ${variable} to a free one.`;
    return [{ path: variable, message }];
  }
  if (code === 'EACCES') {
    const message = `port ${port}, for ${what}, needs more rights than this process has. Set ${variable} to one above 1023.`;
    return [{ path: variable, message }];
  }
  return [{ path: 'HOST', message: `${host} is no address of this machine (${code}).` }];
}

/** Answers the code of the error, or nothing when it went well. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
      resolve(code);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
