import type { Server } from 'node:net';

/** Where a server listens: its port, and host and port as a URL writes them. */
export function addressOf(server: Server): { readonly port: number; readonly authority: string } {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { port: address.port, authority: `${host}:${address.port}` };
}
