import type { Cluster, ClusterNode } from 'ioredis';
import type { RedisClient } from './redis-client.js';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 6_379;

/**
 * What tells a store from others and is the same after a restart: its prefix, and the server as the client is told it, without
 * credentials.
 *
 * @internal
 */
export function identityOf(client: RedisClient, prefix: string): string {
  return `${prefix} at ${serverOf(client)}`;
}

function serverOf(client: RedisClient): string {
  if (client.isCluster) {
    // What a duplicate is made of; there is no public way to ask for it.
    const { startupNodes } = client as unknown as { readonly startupNodes: readonly ClusterNode[] };
    return [...new Set(startupNodes.map(addressOf))].sort().join(',');
  }
  const {
    sentinels,
    name,
    path,
    host,
    port,
    db = 0,
  } = (client as Exclude<RedisClient, Cluster>).options;
  if (sentinels) return `sentinel ${name ?? ''}/${db}`;
  return path ? `${path}/${db}` : `${address(host, port)}/${db}`;
}

/** A node of a Cluster in each of the ways in which it can be given: address, URL, port alone. */
function addressOf(node: ClusterNode): string {
  if (typeof node === 'object') return address(node.host, node.port);
  const text = String(node);
  if (/^\d+$/.test(text)) return address(undefined, Number(text));
  const url = text.replace(/^(rediss?:)?(\/\/)?/i, 'redis://');
  // What cannot be read is the client's to complain of: an error of ours would repeat its password.
  if (!URL.canParse(url)) return address();
  const { hostname, port } = new URL(url);
  return address(hostname, port === '' ? undefined : Number(port));
}

const address = (host = DEFAULT_HOST, port: number | string = DEFAULT_PORT): string =>
  `${host || DEFAULT_HOST}:${port}`;
