// openid-client, proving what it holds: a key of its own instead of a secret, a key that its tokens are bound to.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import { example } from '../case.mjs';
import { CALENDAR, ISSUER, PORTAL, lanyard } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { app, authorization } from './relying_party.mjs';

const PRIYA = 'priya@riverside.example';

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
    await assert.rejects(client.clientCredentialsGrant(forger), (error) => error.status === 401);
  });
}

for (const alg of ['ES256', 'RS256', 'Ed25519']) {
  await example(`a browser app binds its tokens to a key (${alg})`, async () => {
    const portal = await app(PORTAL, client.None());
    const dpop = client.getDPoPHandle(portal, await client.randomDPoPKeyPair(alg));
    const { address, checks } = await authorization(portal, PORTAL, { dpop_jkt: await dpop.calculateThumbprint() });
    const answer = await new Agent().answer(address, PORTAL.redirect, PRIYA);
    const tokens = await client.authorizationCodeGrant(portal, answer, checks, undefined, { DPoP: dpop });
    assert.equal(tokens.token_type, 'dpop');
    const { sub } = tokens.claims();
    await client.fetchUserInfo(portal, tokens.access_token, sub, { DPoP: dpop });
    await assert.rejects(client.fetchUserInfo(portal, tokens.access_token, sub), 'the token alone is worth nothing');
    const thief = client.getDPoPHandle(portal, await client.randomDPoPKeyPair(alg));
    await assert.rejects(client.fetchUserInfo(portal, tokens.access_token, sub, { DPoP: thief }));
    await assert.rejects(client.refreshTokenGrant(portal, tokens.refresh_token, undefined, { DPoP: thief }));
    const next = await client.refreshTokenGrant(portal, tokens.refresh_token, undefined, { DPoP: dpop });
    assert.equal(next.token_type, 'dpop');
  });
}

await example('a pushed request with a proof binds the code', async () => {
  const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
  const dpop = client.getDPoPHandle(calendar, await client.randomDPoPKeyPair());
  const { address, checks } = await authorization(calendar, CALENDAR);
  const pushed = await client.buildAuthorizationUrlWithPAR(calendar, address.searchParams, { DPoP: dpop });
  const answer = await new Agent().answer(pushed, CALENDAR.redirect, PRIYA);
  const tokens = await client.authorizationCodeGrant(calendar, answer, checks, undefined, { DPoP: dpop });
  await client.fetchUserInfo(calendar, tokens.access_token, tokens.claims().sub, { DPoP: dpop });
});
