// openid-client as an app that nobody registered: its id is the address of a document about it
// (draft-ietf-oauth-client-id-metadata-document), which it serves itself.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import * as client from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import { example } from '../case.mjs';
import { ISSUER } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { authorization } from './relying_party.mjs';

const { DOCUMENTS, DOCUMENTS_CERTIFICATE, DOCUMENTS_KEY } = process.env;
const REDIRECT = `${DOCUMENTS}/cb`;

const documents = new Map();
let reads = 0;
const server = createServer({ cert: readFileSync(DOCUMENTS_CERTIFICATE), key: readFileSync(DOCUMENTS_KEY) }, (request, response) => {
  const document = documents.get(request.url);
  if (document) reads += 1;
  response.writeHead(document || request.url.startsWith('/cb') ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document ?? {}));
});
await new Promise((listening) => server.listen(new URL(DOCUMENTS).port, '127.0.0.1', listening));

/** Publishes a document at `path`; the id of the app. */
function publish(path, more) {
  const id = `${DOCUMENTS}${path}`;
  documents.set(path, { client_id: id, client_name: 'Roster', redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token'], ...more });
  return id;
}

const discover = (id, authentication) =>
  client.discovery(new URL(ISSUER), id, undefined, authentication, { execute: [client.allowInsecureRequests] });

/** `person` signs in and allows the app; its tokens. */
async function tokens(config, person) {
  const { address, checks } = await authorization(config, { redirect: REDIRECT }, { scope: 'openid profile' });
  const { address: back } = await new Agent().decide(address, person, 'allow');
  return client.authorizationCodeGrant(config, new URL(back), checks);
}

try {
  await example('an app that nobody registered signs somebody in by its document', async () => {
    const id = publish('/client.json', { token_endpoint_auth_method: 'none' });
    const config = await discover(id, client.None());
    assert.equal(config.serverMetadata().client_id_metadata_document_supported, true);
    const first = await tokens(config, 'priya@riverside.example');
    assert.equal(first.claims().aud, id);
    const { sub } = await client.fetchUserInfo(config, first.access_token, first.claims().sub);
    assert.equal(sub, first.claims().sub);
    assert.equal(reads, 1, 'the document is kept');
  });

  await example('such an app proves itself by a key in its document', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(publicKey)), use: 'sig' }];
    const id = publish('/keyed.json', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } });
    const config = await discover(id, client.PrivateKeyJwt(privateKey));
    const { access_token: token } = await tokens(config, 'max@riverside.example');
    await client.tokenRevocation(config, token);
    const other = await generateKeyPair('ES256');
    const forger = await discover(id, client.PrivateKeyJwt(other.privateKey));
    await assert.rejects(client.tokenRevocation(forger, token), (error) => error.status === 401);
  });

  await example('a document about another app, or with a secret, makes no client', async () => {
    for (const [path, more] of [['/other.json', { client_id: `${DOCUMENTS}/client.json` }], ['/secret.json', { client_secret: 'x' }], ['/nothing.json', undefined]]) {
      const id = more ? (publish(path, more), `${DOCUMENTS}${path}`) : `${DOCUMENTS}${path}`;
      const config = await discover(id, client.None());
      const { address } = await authorization(config, { redirect: REDIRECT }, { scope: 'openid profile' });
      const answer = await fetch(address, { redirect: 'manual' });
      assert.equal(answer.status, 400, path);
      assert.match(await answer.text(), /invalid_client/);
    }
  });
} finally {
  server.closeAllConnections();
  server.close();
}
