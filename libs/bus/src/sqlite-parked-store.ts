import { DatabaseSync } from 'node:sqlite';
import type { Decision, ParkedStore } from './parked-store.js';
import type { ParkedMessage } from './port.js';

const createTable = (db: DatabaseSync): void => {
  db.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS parked (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, group_name TEXT NOT NULL, target TEXT NOT NULL, head INTEGER NOT NULL, message TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS parked_targets ON parked (group_name, target, number);
    CREATE INDEX IF NOT EXISTS parked_heads ON parked (number) WHERE head = 1;
    CREATE TABLE IF NOT EXISTS decisions (id TEXT PRIMARY KEY, what TEXT NOT NULL, refused TEXT);
  `);
};

const decided = ({ id, what, refused }: Record<string, unknown>): Decision => ({ id: String(id), what: what === 'drop' ? 'drop' : 'retry', ...(typeof refused === 'string' && { refused }) });

/**
 * Parked messages in an SQLite file of their own, flushed at every change: there are few, and nothing else knows them.
 * `readOnly`: only looks at a file that is there, also beside a running process.
 */
export const sqliteParkedStore = (file: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): ParkedStore => {
  const db = new DatabaseSync(file, { readOnly });
  if (!readOnly) createTable(db);
  const put = db.prepare(`
    INSERT INTO parked (id, group_name, target, head, message) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET head = excluded.head, message = excluded.message`);
  const get = db.prepare('SELECT message FROM parked WHERE id = ?');
  const list = db.prepare('SELECT message FROM parked WHERE (?1 IS NULL OR group_name = ?1) AND (?2 IS NULL OR target = ?2) ORDER BY number LIMIT ?3');
  const heads = db.prepare('SELECT message FROM parked WHERE head = 1 ORDER BY number');
  const count = db.prepare('SELECT count(*) AS messages, coalesce(sum(head), 0) AS halted FROM parked');
  const remove = db.prepare('DELETE FROM parked WHERE id = ?');
  const decide = db.prepare('INSERT INTO decisions (id, what) SELECT id, ?2 FROM parked WHERE id = ?1 ON CONFLICT (id) DO UPDATE SET what = excluded.what, refused = NULL');
  const waiting = db.prepare('SELECT id, what, refused FROM decisions WHERE refused IS NULL ORDER BY rowid');
  const decision = db.prepare('SELECT id, what, refused FROM decisions WHERE id = ?');
  const refuse = db.prepare('UPDATE decisions SET refused = ? WHERE id = ?');
  const forget = db.prepare('DELETE FROM decisions WHERE id = ?');
  const read = (row: Record<string, unknown>): ParkedMessage => JSON.parse(row['message'] as string) as ParkedMessage;
  let closed = false;
  return {
    put: async (message) => {
      put.run(message.id, message.group, message.target, message.behind ? 0 : 1, JSON.stringify(message));
    },
    get: async (id) => {
      const row = get.get(id);
      return row && read(row);
    },
    list: async ({ group, target, limit }) => list.all(group ?? null, target ?? null, limit).map(read),
    heads: async () => heads.all().map(read),
    count: async () => {
      const row = count.get();
      return { messages: Number(row?.['messages'] ?? 0), halted: Number(row?.['halted'] ?? 0) };
    },
    remove: async (id) => {
      remove.run(id);
      forget.run(id);
    },
    decide: async (id, what) => decide.run(id, what).changes > 0,
    decisions: async () => waiting.all().map(decided),
    decision: async (id) => {
      const row = decision.get(id);
      return row && decided(row);
    },
    settle: async (id, refused) => void (refused === undefined ? forget.run(id) : refuse.run(refused, id)),
    close: async () => {
      if (!closed) db.close();
      closed = true;
    },
  };
};
