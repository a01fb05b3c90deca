import Connection from 'kafkajs/src/network/connection.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

let isRepaired = false;

/**
 * Corrects three faults of kafkajs 2.2.4, once per process.
 *
 * Its queue of requests schedules a look at what waits even when nothing does, after a negative time: every connection then
 * wakes up each millisecond for ever, and Node 24 prints a TimeoutNegativeWarning (kafkajs #1751).
 *
 * Two requests at once on a connection that is down each open a socket, and one of the two is lost with what it is asked.
 *
 * A connection that is down is taken down again with every try to reach its broker, and its socket gathers listeners.
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

  const { disconnect } = Connection.prototype;
  Connection.prototype.disconnect = function (this: Connection): Promise<unknown> {
    return this.connectionStatus === disconnected ? Promise.resolve(true) : disconnect.call(this);
  };
}

/** kafkajs's own word. */
const disconnected = 'disconnected';
const pendingCheckMs = 10;
