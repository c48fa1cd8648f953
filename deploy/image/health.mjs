// For HEALTHCHECK: asks this container's own /readyz. A service has a port of its own for that; the all-in-one answers on its HTTP port,
// over TLS where a certificate is configured (our own loopback: the certificate's name is not checked).
import http from 'node:http';
import https from 'node:https';

const probes = process.env.VOUCHSAFE_PROBE_PORT;
const port = probes ?? process.env.VOUCHSAFE_HTTP_PORT ?? '8080';
const get = !probes && process.env.VOUCHSAFE_TLS_CERT ? https.get : http.get;
get({ host: '127.0.0.1', port, path: '/readyz', timeout: 2_500, rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
