// Makes what the processes of a compose deployment trust each other by: an Ed25519 key per process, and the list of all public keys.
// Run once before they start, in the image; a key that is there stays. `make-keys.mjs <folder>` makes <folder>/<name>/signing.pem and
// <folder>/trusted.json. For Kubernetes make Secrets of the same files (docs/operations.md).
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PROCESSES = ['gateway', 'access', 'catalog', 'inventory', 'order', 'risk', 'fulfillment', 'redemption', 'ledger', 'insight'];
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('make-keys.mjs <folder>');
  process.exit(64);
}
const keys = PROCESSES.map((issuer) => {
  const file = path.join(folder, issuer, 'signing.pem');
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const publicKey = createPublicKey(createPrivateKey(readFileSync(file)));
  return { issuer, publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
});
// Whole or not at all: whoever reads it meanwhile has the old list.
writeFileSync(path.join(folder, 'trusted.json.new'), `${JSON.stringify({ keys }, null, 2)}\n`);
renameSync(path.join(folder, 'trusted.json.new'), path.join(folder, 'trusted.json'));
