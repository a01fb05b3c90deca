import Connection from 'kafkajs/src/network/connection.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

let isRepaired = false;

/**
 * Corrects five faults of kafkajs 2.2.4, once per process.
 *
 * Its queue of requests schedules a look at what waits even when nothing does, after a negative time: every connection then
 * wakes up each millisecond for ever, and Node 24 prints a TimeoutNegativeWarning (kafkajs #1751).
 *
 * Two requests at once on a connection that is down each open a socket, and one of the two is lost with what it is asked.
 *
 * A connection that is down is taken down again with every try to reach its broker, and its socket gathers listeners.
 *
 * What a broken connection had of a reply is put before the replies of the next one: then nothing it says can be read, and
 * every request waits in vain, or an exception that nobody can catch ends the process. What the old socket has still to say
 * is taken for the new one's, too.
 *
 * A connection that does not answer is kept and asked again, for ever: a half-open one never comes back by itself.
 */
export function repairKafkajs(): void {
  if (isRepaired) return;
  isRepaired = true;

  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const delayMs = Math.max(this.throttledUntil - Date.now(), pendingCheckMs);
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, delayMs);
  };

  const connecting = new WeakMap<object, Promise<unknown>>();
  ConnectionPool.prototype.getConnection = async function (this: ConnectionPool, index = 0) {
    const connection = this.pool[index] as (typeof this.pool)[number];
    if (connection.isConnected()) return connection;
    const shared = connecting.get(connection) ?? connection.connect();
    connecting.set(connection, shared);
    try {
      await shared;
    } finally {
      connecting.delete(connection);
    }
    return connection;
  };

  const { connect, disconnect, send } = Connection.prototype;
  Connection.prototype.connect = function (this: Connection): Promise<unknown> {
    if (!this.isConnected()) forgetSocket(this);
    return connect.call(this);
  };
  Connection.prototype.send = async function (this: Connection, request: unknown): Promise<unknown> {
    try {
      return await send.call(this, request);
    } catch (error) {
      if ((error as Error).name === timedOut) hangUp(this, error as Error);
      throw error;
    }
  };
  Connection.prototype.disconnect = function (this: Connection): Promise<unknown> {
    return this.connectionStatus === disconnected ? Promise.resolve(true) : disconnect.call(this);
  };
}

function forgetSocket(connection: Connection): void {
  const { socket } = connection;
  socket?.removeAllListeners();
  socket?.on('error', () => {}); // nobody is interested any more
  socket?.destroy();
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = lengthBytes;
}

function hangUp(connection: Connection, error: Error): void {
  connection.rejectRequests(error);
  connection.disconnect().catch(() => {}); // the next request connects anew
}

/** kafkajs's own words. */
const timedOut = 'KafkaJSRequestTimeoutError';
const disconnected = 'disconnected';
const pendingCheckMs = 10;
/** Each reply begins with its length. */
const lengthBytes = 4;
