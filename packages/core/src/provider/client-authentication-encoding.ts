import type { ClientAuthentication } from '../model/client-authentication.js';

/** Parameters and headers by which a client names and proves itself, and the secrets among them. @internal */
export interface EncodedClient {
  /** By their names in RFC 6749. */
  readonly parameters: Readonly<{ client_id?: string; client_secret?: string }>;
  readonly authorization?: string;
  readonly secrets: readonly string[];
}

/** A client as it is configured. */
interface ClientIdentity {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientAuthentication: ClientAuthentication;
}

/**
 * Encodes one value as `application/x-www-form-urlencoded`, as RFC 6749 section 2.3.1 asks of both parts of the client's Basic header.
 *
 * @internal
 */
export function formEncode(value: string): string {
  return new URLSearchParams([['v', value]]).toString().slice(2);
}

/**
 * The credentials of a Basic header over UTF-8 (RFC 7617); the parts are taken as they are.
 *
 * @internal
 */
export function basicCredentials(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}

/**
 * Encodes client authentication (RFC 6749, section 2.3.1).
 *
 * A client without a secret is a public one: it is named in the body whatever the method says (section 3.2.1).
 *
 * @internal
 */
export function encodeClient(client: ClientIdentity): EncodedClient {
  const { clientId, clientSecret, clientAuthentication } = client;
  if (clientId === undefined) return { parameters: {}, secrets: [] };
  if (clientSecret === undefined || clientAuthentication === 'none') {
    return { parameters: { client_id: clientId }, secrets: [] };
  }
  if (clientAuthentication === 'client_secret_post') {
    return {
      parameters: { client_id: clientId, client_secret: clientSecret },
      secrets: [clientSecret],
    };
  }
  const credentials = basicCredentials(formEncode(clientId), formEncode(clientSecret));
  return {
    parameters: {},
    authorization: `Basic ${credentials}`,
    secrets: [clientSecret, credentials],
  };
}
