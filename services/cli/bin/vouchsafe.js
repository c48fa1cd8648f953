#!/usr/bin/env node
// Node's own warning about its built-in SQLite is nothing a user can act on.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(`需要 Node 24（npm ci 已带来：请用 npx vouchsafe 或 make） / Node 24 is needed: run it by npx or make (this is ${process.versions.node})`);
  process.exit(2);
}
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`);
});
// Whoever reads has enough (`| head`): that is no error.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
require('../dist/main.js').main(process.argv).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exitCode = 70;
  },
);
