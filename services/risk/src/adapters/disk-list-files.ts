import { hash } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import type { Disk } from '@vouchsafe/runtime';
import type { ListFiles } from '../application/list-files.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;
/** A list file at most; the largest known one has a fiftieth of it. */
export const LIST_FILE_MAX = 32 * 1024 * 1024;

/** List files on a disk, each under its SHA-256; `sources` is the folder a person may import from by name. */
export const diskListFiles = ({ disk, sources }: { readonly disk: Disk; readonly sources?: Disk }): ListFiles => ({
  put: async (bytes) => {
    const sha256 = hash('sha256', bytes, 'hex');
    if (await disk.exists(sha256)) return sha256;
    await disk.makeFolder('');
    const file = await disk.open(`${sha256}.part`, 'write');
    try {
      await file.truncate(0);
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(`${sha256}.part`, sha256);
    await disk.syncFolder('');
    return sha256;
  },
  get: async (sha256) => {
    const bytes = (await disk.exists(sha256)) ? await whole(disk, sha256) : undefined;
    if (bytes && hash('sha256', bytes, 'hex') !== sha256) throw new Fault('LIST_FILE_DAMAGED', `the list file ${sha256} is not what was imported; import it again`, false);
    return bytes;
  },
  readSource: async (name) => (sources && NAME.test(name) && (await sources.exists(name)) ? whole(sources, name) : undefined),
});

const whole = async (disk: Disk, name: string): Promise<Uint8Array> => {
  const file = await disk.open(name, 'read');
  try {
    const size = await file.size();
    if (size > LIST_FILE_MAX) throw new Fault('LIST_FILE_TOO_LARGE', `a list file has at most ${LIST_FILE_MAX} bytes`, false);
    const into = new Uint8Array(size);
    for (let read = 0; read < size; ) {
      const more = await file.read(into.subarray(read), read);
      if (more === 0) break;
      read += more;
    }
    return into;
  } finally {
    await file.close();
  }
};
