// For HEALTHCHECK: asks this container's own /readyz, over TLS where a certificate is configured. It is our own loopback, so the
// certificate's name is not checked.
import http from 'node:http';
import https from 'node:https';

const port = process.env.VOUCHSAFE_HTTP_PORT ?? '8080';
const get = process.env.VOUCHSAFE_TLS_CERT ? https.get : http.get;
get({ host: '127.0.0.1', port, path: '/readyz', timeout: 2_500, rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
