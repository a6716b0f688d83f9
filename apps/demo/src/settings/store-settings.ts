import { type ConfigurationProblem, isConfigurationError, Keyring } from '@oauth-token/core';

/** A store on Redis, as the environment describes it. @internal */
export interface StoreSettings {
  /** The first holds the tokens, all of them together the lock. They may hold passwords. */
  readonly urls: readonly string[];
  /** Seals the tokens; without it they are left readable, on purpose. */
  readonly keys?: Keyring;
  /** First part of all keys. */
  readonly prefix?: string;
  /** Folder of the spill journal; the library chooses where it is absent. */
  readonly spillDirectory?: string;
}

/** The store's settings, none where there is no `REDIS_URL`, and what is wrong with them. @internal */
export interface StoreSettingsReading {
  readonly store?: StoreSettings;
  readonly problems: readonly ConfigurationProblem[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 6379;

/**
 * Reads where tokens are kept, and how they are sealed there. No problem repeats a URL or a key.
 *
 * @internal
 */
export function readStoreSettings(environment: Environment): StoreSettingsReading {
  const { REDIS_URL, KEY_PREFIX: prefix, SPILL_DIR: spillDirectory } = environment;
  if (REDIS_URL === undefined) return { problems: [] };
  const urls = REDIS_URL.split(',').map((url) => url.trim());
  const sealing = readSealing(environment);
  const problems = [...urlProblems(urls), ...sealing.problems, ...prefixProblems(prefix)];
  if (problems.length > 0) return { problems };
  const { keys } = sealing;
  return {
    store: {
      urls,
      ...(keys === undefined ? {} : { keys }),
      ...(prefix ? { prefix } : {}),
      ...(spillDirectory === undefined ? {} : { spillDirectory }),
    },
    problems,
  };
}

/** The server of a Redis URL without its credentials, as `host:port`. @internal */
export function serverOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || DEFAULT_PORT}`;
}

/** The variable of one of several URLs, as problems name it. @internal */
export const urlPath = (index: number, count: number): string =>
  count === 1 ? 'REDIS_URL' : `REDIS_URL[${index}]`;

function urlProblems(urls: readonly string[]): ConfigurationProblem[] {
  const problems = urls.flatMap((url, index) => {
    const message = urlProblem(url);
    return message === undefined ? [] : [{ path: urlPath(index, urls.length), message }];
  });
  if (urls.length % 2 === 0) {
    const message = `names ${urls.length} instances; a lock needs 1, or an odd number of at least 3. Commas in a password are written %2C.`;
    problems.push({ path: 'REDIS_URL', message });
  }
  if (problems.length === 0 && new Set(urls.map(serverOf)).size < urls.length) {
    const message = 'names one server twice; a lock needs servers that fail independently.';
    problems.push({ path: 'REDIS_URL', message });
  }
  return problems;
}

function urlProblem(text: string): string | undefined {
  const hint = 'write it like redis://:password@127.0.0.1:6379/0, or rediss:// for TLS';
  if (!URL.canParse(text)) return `is not a URL; ${hint}.`;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  if (!/^rediss?:$/.test(protocol) || hostname === '') return `is not a Redis URL; ${hint}.`;
  if (!/^(\/\d{0,4})?$/.test(pathname)) return 'has a path that is no number of a database.';
  if (!isDecodable(username) || !isDecodable(password)) {
    return 'has a % in its user or password that encodes nothing; write it %25.';
  }
  // The client would take any option from here.
  if (!/^(\?family=[046])?$/.test(search) || hash !== '') {
    return 'has something behind its database; only ?family=0, 4 or 6 may stand there.';
  }
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readSealing(environment: Environment): {
  readonly keys?: Keyring;
  readonly problems: readonly ConfigurationProblem[];
} {
  const { TOKEN_KEYS: keys, TOKEN_ID_KEY: idKey, INSECURE_PLAINTEXT } = environment;
  if (INSECURE_PLAINTEXT === 'true') {
    const message = 'and INSECURE_PLAINTEXT=true exclude one another.';
    const given = ['TOKEN_KEYS', 'TOKEN_ID_KEY'].filter((name) => environment[name] !== undefined);
    return { problems: given.map((path) => ({ path, message })) };
  }
  if (keys === undefined) {
    const message =
      'is missing: the keys that seal tokens in Redis, kid:base64-of-32-bytes separated by commas, the first seals. INSECURE_PLAINTEXT=true leaves them readable instead.';
    return { problems: [{ path: 'TOKEN_KEYS', message }, ...idKeyProblems(idKey)] };
  }
  const keyring = attempt(() => Keyring.parse(keys));
  const problems = [...keyring.problems, ...idKeyProblems(idKey)];
  return problems.length > 0 ? { problems } : { keys: Keyring.parse(keys, idKey), problems };
}

/** A key of ids is judged by itself, so that both are named when both are wrong. */
function idKeyProblems(idKey: string | undefined): readonly ConfigurationProblem[] {
  const anyKey = `any:${Buffer.alloc(32).toString('base64')}`;
  return idKey === undefined ? [] : attempt(() => Keyring.parse(anyKey, idKey)).problems;
}

function attempt(parse: () => Keyring): { readonly problems: readonly ConfigurationProblem[] } {
  try {
    parse();
    return { problems: [] };
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    return error;
  }
}

function prefixProblems(prefix: string | undefined): ConfigurationProblem[] {
  if (prefix === undefined || /^[^{}\s]+$/.test(prefix)) return [];
  return [{ path: 'KEY_PREFIX', message: 'must be a text without braces and blanks.' }];
}
