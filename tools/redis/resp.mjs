import { connect } from 'node:net';

/** @typedef {import('./index.mjs').RedisReply} RedisReply */

/**
 * @typedef {object} RedisTarget
 * @property {string} host
 * @property {number} port
 * @property {string} [username]
 * @property {string} [password]
 */

const CRLF = '\r\n';

/** What a server answered instead of a result. Its message is the server's, as in `NOAUTH Authentication required.` */
export class RedisReplyError extends Error {
  /** @override */
  name = 'RedisReplyError';
}

/** @param {readonly (string | number)[]} command @returns {string} */
function encode(command) {
  const parts = command.map((part) => `$${Buffer.byteLength(String(part))}${CRLF}${part}${CRLF}`);
  return `*${command.length}${CRLF}${parts.join('')}`;
}

/** @param {Buffer} bytes @param {number} start @param {number} length */
function readBulk(bytes, start, length) {
  if (length < 0) return { value: null, end: start };
  if (bytes.length < start + length + CRLF.length) return undefined;
  const value = bytes.toString('utf8', start, start + length);
  return { value, end: start + length + CRLF.length };
}

/** @param {Buffer} bytes @param {number} start @param {number} count @returns {ReadReply | undefined} */
function readArray(bytes, start, count) {
  if (count < 0) return { value: null, end: start };
  /** @type {RedisReply[]} */
  const value = [];
  let end = start;
  for (let index = 0; index < count; index++) {
    const item = readReply(bytes, end);
    if (item === undefined) return undefined;
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}

/** @typedef {{ value: RedisReply, end: number }} ReadReply a reply, and where the next one begins */

/**
 * Reads one reply of the protocol's second version (https://redis.io/docs/latest/develop/reference/protocol-spec).
 *
 * @param {Buffer} bytes
 * @param {number} [start]
 * @returns {ReadReply | undefined} undefined when it is not complete
 * @throws an Error for bytes that begin no reply
 */
export function readReply(bytes, start = 0) {
  const lineEnd = bytes.indexOf(CRLF, start);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + CRLF.length;
  const type = String.fromCharCode(bytes[start] ?? 0);
  if (type === '+') return { value: line, end };
  if (type === '-') return { value: new RedisReplyError(line), end };
  if (type === ':') return { value: Number(line), end };
  if (type === '$') return readBulk(bytes, end, Number(line));
  if (type === '*') return readArray(bytes, end, Number(line));
  throw new Error('That is no Redis server: its answer is not in the protocol.');
}

/** @param {Buffer} bytes @returns {RedisReply[]} the replies that are complete */
function readReplies(bytes) {
  /** @type {RedisReply[]} */
  const replies = [];
  let start = 0;
  for (;;) {
    const reply = readReply(bytes, start);
    if (reply === undefined) return replies;
    replies.push(reply.value);
    start = reply.end;
  }
}

/** @param {RedisTarget} target @returns {(string | number)[][]} what to say first */
function greeting({ username, password }) {
  if (password === undefined) return [];
  return [username ? ['AUTH', username, password] : ['AUTH', password]];
}

/**
 * Sends one command on a connection of its own.
 *
 * @param {RedisTarget} target
 * @param {readonly (string | number)[]} command
 * @param {{ timeoutMs?: number }} [options]
 * @returns {Promise<RedisReply>}
 * @throws a RedisReplyError for an error reply, an Error when there is no answer
 */
export function sendCommand(target, command, { timeoutMs = 5_000 } = {}) {
  const commands = [...greeting(target), command];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const fail = (/** @type {unknown} */ error) => {
      socket.destroy();
      reject(error);
    };
    const where = `${target.host}:${target.port}`;
    socket.setTimeout(timeoutMs, () => fail(new Error(`${where} did not answer in time.`)));
    socket.on('error', fail).on('close', () => reject(new Error(`${where} hung up.`)));
    socket.on('connect', () => socket.write(commands.map(encode).join('')));
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const replies = readReplies(bytes);
        const error = replies.find((reply) => reply instanceof Error);
        if (error !== undefined) return fail(error);
        if (replies.length < commands.length) return;
        socket.destroy();
        resolve(replies.at(-1) ?? null);
      } catch (error) {
        fail(error);
      }
    });
  });
}
