// openid-client, proving what it holds: a key of its own instead of a secret.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import { example } from '../case.mjs';
import { ISSUER, lanyard } from '../demo.mjs';

/** A service of Riverside that is registered for this run, with the public keys `jwks`. */
function service(id, ...members) {
  lanyard('client', 'create', id, '--name', id, '--auth', 'basic', '--organization', 'riverside', '--grant', 'client-credentials');
  lanyard('client', 'set', id, ...members);
}

const discover = (id, authentication) =>
  client.discovery(new URL(ISSUER), id, undefined, authentication, { execute: [client.allowInsecureRequests] });

for (const alg of ['RS256', 'PS256', 'ES256', 'Ed25519']) {
  await example(`a service proves itself by a key (${alg})`, async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const id = `signing-${alg.toLowerCase()}`;
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', use: 'sig' }] };
    service(id, 'token_endpoint_auth_method=private_key_jwt', `jwks=${JSON.stringify(jwks)}`);
    const config = await discover(id, client.PrivateKeyJwt({ key: privateKey, kid: 'one' }));
    const tokens = await client.clientCredentialsGrant(config);
    await client.tokenRevocation(config, tokens.access_token);
    const stranger = await generateKeyPair(alg, { extractable: true });
    const forger = await discover(id, client.PrivateKeyJwt(stranger.privateKey));
    await assert.rejects(client.clientCredentialsGrant(forger), (error) => error.error === 'invalid_client');
  });
}
