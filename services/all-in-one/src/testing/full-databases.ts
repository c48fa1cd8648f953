import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PAGES_MAX = 1_073_741_823;
/** Databases opened from now on, which can be kept from growing. */
export type FullDatabases = {
  /** From now on files of this name get no further page: SQLite itself says `SQLITE_FULL`, as on a full disk. */
  fill(name: string): void;
  free(name: string): void;
  end(): void;
};

/** For tests of a full disk under SQLite. Whoever opens a database sets it up by `exec`, by which it is known here. */
export const fullDatabases = (): FullDatabases => {
  const opened = new Set<DatabaseSync>();
  const exec = DatabaseSync.prototype.exec;
  const spy = jest.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql: string) {
    opened.add(this);
    exec.call(this, sql);
  });
  const limit = (name: string, pages: (now: number) => number): void => {
    const files = [...opened].filter((database) => database.isOpen && path.basename(database.location() ?? '') === name);
    expect([name, files.length > 0]).toEqual([name, true]);
    for (const database of files) {
      const { page_count: now } = database.prepare('PRAGMA page_count').get() as { page_count: number };
      exec.call(database, `PRAGMA max_page_count = ${pages(now)}`);
    }
  };
  return { fill: (name) => limit(name, (now) => now), free: (name) => limit(name, () => PAGES_MAX), end: () => spy.mockRestore() };
};
