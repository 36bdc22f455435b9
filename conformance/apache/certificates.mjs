// Apps that prove themselves by certificates to Lanyard's own listener for that (RFC 8705), with openid-client; and Apache
// with mod_oauth2 as an API that takes their tokens from the owner of the certificate alone.
//
// The demo speaks http: this is a server of its own, with TLS.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { APP, LANYARD } from '../demo.mjs';
import { apache } from './server.mjs';

const [PORT, MTLS_PORT, API_PORT] = [4, 5, 6].map((more) => Number(new URL(APP).port) + more);
const ISSUER = `https://localhost:${PORT}`;
const SITE = `https://localhost:${API_PORT}`;
const folder = mkdtempSync(join(tmpdir(), 'lanyard-certificates.'));
const file = (name) => join(folder, name);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const openssl = (...command) => execFileSync('openssl', command, { cwd: folder, stdio: 'pipe' });
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A certificate that its owner signed. */
function selfSigned(name, subject, ...more) {
  openssl('req', '-x509', ...EC, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', subject, '-days', '2', ...more);
  return owned(name);
}

/** A certificate that the clinic's authority signed. */
function issued(name, subject) {
  writeFileSync(file('leaf'), 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n');
  openssl('req', '-new', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
  openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial',
    '-days', '2', '-extfile', 'leaf', '-out', `${name}.pem`);
  return owned(name);
}

const owned = (name) => ({ cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)) });

selfSigned('authority', '/O=Riverside/CN=Authority of apps');
const { cert: ca } = selfSigned('server', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost');
const roster = issued('roster', '/C=AU/O=Riverside/CN=roster');
const other = issued('other', '/C=AU/O=Riverside/CN=other');
const sensor = selfSigned('sensor', '/CN=sensor');

/** `fetch` over a connection with this certificate. */
function fetching({ cert, key } = {}) {
  return (address, { method = 'GET', headers = {}, body } = {}) => new Promise((resolve, reject) => {
    const options = { method, headers: Object.fromEntries(new Headers(headers)), ca, cert, key, agent: false };
    const request = https.request(address, options, async (answer) => {
      const content = Buffer.concat(await answer.toArray());
      resolve(new Response(content, { status: answer.statusCode, headers: answer.headers }));
    });
    request.on('error', reject);
    request.end(body?.toString());
  });
}

writeFileSync(file('lanyard.toml'), `
[server]
issuer = "${ISSUER}"
listen = ["localhost:${PORT}"]
[tls]
certificate = "${file('server.pem')}"
key = "${file('server.key')}"
[client_certificates]
listen = ["localhost:${MTLS_PORT}"]
address = "https://localhost:${MTLS_PORT}"
ca_file = "${file('authority.pem')}"
[database]
url = "sqlite:${file('lanyard.db')}"
[keys]
folder = "${file('keys')}"
[audit]
heads_file = "${file('heads')}"
[mail]
folder = "${file('mail')}"
`);
const lanyard = (...command) => execFileSync(LANYARD, ['--config', file('lanyard.toml'), ...command], { encoding: 'utf8' });

/** A service of Riverside that proves itself by what `members` say. */
function service(id, ...members) {
  lanyard('client', 'create', id, '--name', id, '--auth', 'basic', '--organization', 'riverside', '--grant', 'client-credentials');
  lanyard('client', 'set', id, 'tls_client_certificate_bound_access_tokens=true', ...members);
}

lanyard('migrate');
lanyard('org', 'create', 'riverside', '--name', 'Riverside Clinic');
service('roster', 'tls_client_auth_subject_dn=CN=roster,O=Riverside,C=AU', 'token_endpoint_auth_method=tls_client_auth');
const jwk = { ...createPublicKey(sensor.cert).export({ format: 'jwk' }), x5c: [new X509Certificate(sensor.cert).raw.toString('base64')] };
service('sensor', `jwks=${JSON.stringify({ keys: [jwk] })}`, 'token_endpoint_auth_method=self_signed_tls_client_auth');

const server = spawn('setpriv', ['--pdeathsig', 'TERM', LANYARD, '--config', file('lanyard.toml'), 'serve'], { stdio: 'ignore' });
const values = { PORT: API_PORT, ISSUER, CERTIFICATE: file('server.pem'), KEY: file('server.key') };
const api = await apache('certificates.conf.in', values, ['bound'], 'let in');

/** The app `id` with a certificate, by openid-client. */
async function app(id, certificate) {
  const options = { [client.customFetch]: fetching(certificate) };
  const metadata = { use_mtls_endpoint_aliases: true };
  return client.discovery(new URL(ISSUER), id, metadata, client.TlsClientAuth(), options);
}

async function status(certificate, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return (await fetching(certificate)(`${SITE}/bound/`, { headers })).status;
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

try {
  for (let tries = 0; tries < 100; tries++) {
    if ((await fetching()(`${ISSUER}/readyz`).catch(() => ({}))).status === 200) break;
    await sleep(100);
  }

  for (const [id, own, method] of [['roster', roster, 'tls_client_auth'], ['sensor', sensor, 'self_signed_tls_client_auth']]) {
    await example(`an app proves itself by ${method}, and by no other certificate`, async () => {
      const config = await app(id, own);
      assert.ok(config.serverMetadata().token_endpoint_auth_methods_supported.includes(method));
      const tokens = await client.clientCredentialsGrant(config);
      const print = new X509Certificate(own.cert).fingerprint256.replaceAll(':', '');
      const { cnf } = claims(tokens.access_token);
      assert.equal(cnf['x5t#S256'], Buffer.from(print, 'hex').toString('base64url'));
      await assert.rejects(client.clientCredentialsGrant(await app(id, other)), { status: 401 });
      await assert.rejects(client.clientCredentialsGrant(await app(id)), { status: 401 });
    });

    await example(`an API takes the token of ${method} from the owner of the certificate alone`, async () => {
      const { access_token: token } = await client.clientCredentialsGrant(await app(id, own));
      assert.equal(await status(own, token), 200);
      assert.equal(await status(other, token), 401, 'another certificate');
      assert.equal(await status(undefined, token), 401, 'no certificate');
      assert.equal(await status(own), 401, 'no token');
    });
  }

  await example('an API that takes bound tokens alone refuses one that is bound to nothing', async () => {
    lanyard('client', 'set', 'roster', 'tls_client_certificate_bound_access_tokens=false');
    const token = await unbound();
    assert.equal(await status(roster, token), 401);
  });
} finally {
  api.end();
  server.kill();
}

/** A token of the roster, once the change has arrived. */
async function unbound() {
  for (let tries = 0; tries < 20; tries++) {
    const { access_token: token } = await client.clientCredentialsGrant(await app('roster', roster));
    if (!claims(token).cnf) return token;
    await sleep(200);
  }
  assert.fail('the tokens are bound still');
}
