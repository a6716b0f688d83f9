import { connect, createServer } from 'node:net';

/** @typedef {import('node:net').Socket} Socket */

/** A way to a server of this machine that sends a request twice on demand, the copy on a connection of its own. */
export class Doubler {
  #port;
  #server = createServer({ noDelay: true }, (client) => this.#accept(client));
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** What the bytes of a request have in them that is to be sent twice, and whom to tell. @type {Map<string, () => void>} */
  #marks = new Map();

  /** @param {number} port of the server */
  constructor(port) {
    this.#port = port;
  }

  /** @returns {Promise<number>} its own port */
  start() {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(/** @type {import('node:net').AddressInfo} */ (this.#server.address()).port);
      });
    });
  }

  /** Sends the next request twice that has a text in it. @param {string} text @returns {Promise<void>} settles when it has happened */
  duplicateNext(text) {
    return new Promise((resolve) => this.#marks.set(text, resolve));
  }

  async stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** @param {Socket} client */
  #accept(client) {
    const server = this.#connect();
    this.#sockets.add(client);
    client.on('error', () => undefined);
    client.on('data', (bytes) => {
      if (this.#isMarked(bytes)) this.#connect().resume().write(bytes);
      server.write(bytes);
    });
    client.on('close', () => {
      this.#sockets.delete(client);
      server.end();
    });
    server.on('data', (bytes) => client.write(bytes));
    server.on('close', (hadError) => (hadError ? client.resetAndDestroy() : client.end()));
  }

  #connect() {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    return socket;
  }

  /** @param {Buffer} bytes */
  #isMarked(bytes) {
    for (const [text, done] of this.#marks) {
      if (!bytes.includes(text)) continue;
      this.#marks.delete(text);
      done();
      return true;
    }
    return false;
  }
}
