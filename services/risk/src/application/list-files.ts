/** Contents of list files, kept by their SHA-256. */
export interface ListFiles {
  /** Keeps a file; durable when it settles. May be called again. */
  put(bytes: Uint8Array): Promise<string>;
  /** Its bytes, checked against the name; undefined where it is not there. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** A file of the configured folder, by its plain name; undefined where there is none or the name leaves the folder. */
  readSource(name: string): Promise<Uint8Array | undefined>;
}

/** Entries of a file by line: one a line, what follows white space or `#` is a remark; empty where there is none. */
export const linesOf = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes).toString('latin1').split(/\r?\n/).map((line) => /^[^\s#]*/.exec(line)![0]);
