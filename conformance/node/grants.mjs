// openid-client with every way to tokens that needs no redirect: a device, an exchange, the word of somebody else, and a
// person who is asked by the back channel.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as client from 'openid-client';
import { example, until } from '../case.mjs';
import { APP, CALENDAR, ISSUER, lanyard, newClient, RESOURCE } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { app, signIn } from './relying_party.mjs';

const PRIYA = 'priya@riverside.example';
const OLIVIA = 'olivia@riverside.example';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const kiosk = await app({ id: 'front-desk-kiosk' }, client.None());
const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const resource = await app(RESOURCE, client.ClientSecretBasic(RESOURCE.secret));

/** A client of its own, with a secret. */
async function registered(id, ...wishes) {
  const made = newClient(id, id, `${APP}/${id}`, '--first-party', '--auth=basic', ...wishes);
  return [await app(made, client.ClientSecretBasic(made.secret)), made];
}

await example('a device gets its tokens once its person has allowed it', async () => {
  const begun = await client.initiateDeviceAuthorization(kiosk, { scope: 'openid roles offline_access' });
  assert.match(begun.user_code, /^[B-Z]{4}-[B-Z]{4}$/);
  const picture = await fetch(begun.verification_uri_qr);
  assert.equal(picture.headers.get('content-type'), 'image/svg+xml');
  const polled = client.pollDeviceAuthorizationGrant(kiosk, begun);
  const page = await new Agent().decide(begun.verification_uri_complete, PRIYA, 'allow');
  assert.match(page.text, /The device is connected/);
  const tokens = await polled;
  assert.deepEqual(tokens.claims().roles, ['practitioner', 'supervisor']);
  const next = await client.refreshTokenGrant(kiosk, tokens.refresh_token);
  assert.ok(next.access_token);
});

await example('a device that is refused learns it', async () => {
  const begun = await client.initiateDeviceAuthorization(kiosk, { scope: 'openid' });
  const polled = refused(client.pollDeviceAuthorizationGrant(kiosk, begun), 'access_denied');
  await new Agent().decide(begun.verification_uri_complete, PRIYA, 'deny');
  await polled;
});

await example('a token is exchanged for one of another practice', async () => {
  const tokens = await signIn(calendar, CALENDAR, OLIVIA, { organization: 'riverside' });
  const subject = { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN };
  const there = await client.genericGrantRequest(calendar, EXCHANGE, { ...subject, organization: 'harbour' });
  assert.equal(there.issued_token_type, ACCESS_TOKEN);
  const seen = await client.tokenIntrospection(resource, there.access_token);
  assert.deepEqual([seen.active, seen.org_name, seen.roles], [true, 'Harbour Physio', ['practitioner']]);
  const less = await client.genericGrantRequest(calendar, EXCHANGE, { ...subject, scope: 'openid' });
  assert.equal(less.scope, 'openid');
  await refused(client.genericGrantRequest(calendar, EXCHANGE, { ...subject, organization: 'nowhere' }), 'access_denied');
});

await example('somebody whom an administrator trusts speaks for a person', async () => {
  const [config, { id }] = await registered('hr-sync', '--grant=jwt-bearer');
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const { id: riverside } = JSON.parse(lanyard('--json', 'org', 'show', 'riverside'));
  const jwks = { keys: [await exportJWK(publicKey)] };
  const issuers = [{ issuer: 'https://hr.example', jwks, algorithms: ['ES256'], organizations: [riverside] }];
  lanyard('client', 'set', id, `jwt_bearer_issuers=${JSON.stringify(issuers)}`);
  const assertion = await new SignJWT().setProtectedHeader({ alg: 'ES256' }).setIssuer('https://hr.example')
    .setSubject(PRIYA).setAudience(ISSUER).setExpirationTime('1m').setJti(crypto.randomUUID()).sign(privateKey);
  const word = { assertion, scope: 'openid roles' };
  const tokens = await until(() => client.genericGrantRequest(config, JWT_BEARER, word));
  const seen = await client.tokenIntrospection(resource, tokens.access_token);
  assert.deepEqual([seen.active, seen.roles], [true, ['practitioner', 'supervisor']]);
  await refused(client.genericGrantRequest(config, JWT_BEARER, word), 'invalid_grant');
});

await example('a person decides about what a back end asks', async () => {
  const [config] = await registered('front-office', '--grant=ciba', '--grant=refresh-token');
  const asked = { scope: 'openid roles', login_hint: PRIYA, binding_message: 'W4SCT' };
  const begun = await client.initiateBackchannelAuthentication(config, asked);
  const polled = client.pollBackchannelAuthenticationGrant(config, begun);
  const page = await new Agent().decide(`${ISSUER}/account/requests`, PRIYA, 'allow');
  assert.match(page.text, /Allowed/);
  assert.deepEqual((await polled).claims().roles, ['practitioner', 'supervisor']);
  await refused(client.initiateBackchannelAuthentication(config, { ...asked, login_hint: 'x@x.example' }), 'unknown_user_id');
});

await example('a back end signs what it asks, and names the person by an ID token', async () => {
  const [config, { id }] = await registered('signing-office', '--grant=ciba');
  const { privateKey, publicKey } = await generateKeyPair('PS256');
  const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
  lanyard('client', 'set', id, `jwks=${jwks}`, 'backchannel_authentication_request_signing_alg=PS256', 'subject_type=pairwise');
  const { backchannel_authentication_request_signing_alg_values_supported: supported } = config.serverMetadata();
  assert.ok(supported.includes('PS256'));
  const request = (asked) => new SignJWT(asked).setProtectedHeader({ alg: 'PS256' }).setIssuer(id).setAudience(ISSUER)
    .setIssuedAt().setNotBefore('0s').setExpirationTime('1m').setJti(crypto.randomUUID()).sign(privateKey);
  const answered = async (asked) => {
    const begun = await until(async () => client.initiateBackchannelAuthentication(config, { request: await request(asked) }));
    await new Agent().decide(`${ISSUER}/account/requests`, PRIYA, 'allow');
    return client.pollBackchannelAuthenticationGrant(config, begun);
  };
  const asked = { scope: 'openid', binding_message: 'W4SCT', requested_expiry: 90, acr_values: '1' };
  const first = await answered({ ...asked, login_hint: PRIYA });
  assert.doesNotMatch(first.claims().sub, /^usr_/);
  const second = await answered({ ...asked, id_token_hint: first.id_token });
  assert.equal(second.claims().sub, first.claims().sub);
  await refused(client.initiateBackchannelAuthentication(config, { ...asked, login_hint: PRIYA }), 'invalid_request');
  const again = await request({ ...asked, login_hint: PRIYA });
  await refused(client.initiateBackchannelAuthentication(config, { request: `${again}x` }), 'invalid_request');
});

await example('a back end that wants to be pinged is', async () => {
  const pings = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', () => {
      pings.push({ authorization: request.headers.authorization, ...JSON.parse(body) });
      response.writeHead(204).end();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const [config, { id }] = await registered('pinged-office', '--grant=ciba');
  const endpoint = `http://127.0.0.1:${server.address().port}/ciba`;
  lanyard('client', 'set', id, `backchannel_client_notification_endpoint=${endpoint}`, 'backchannel_token_delivery_mode=ping');
  try {
    const asked = { scope: 'openid', login_hint: PRIYA, client_notification_token: 'token-of-the-office' };
    const begun = await client.initiateBackchannelAuthentication(config, asked);
    await new Agent().decide(`${ISSUER}/account/requests`, PRIYA, 'allow');
    await until(async () => assert.equal(pings.length, 1));
    assert.deepEqual(pings, [{ authorization: 'Bearer token-of-the-office', auth_req_id: begun.auth_req_id }]);
    assert.ok((await client.pollBackchannelAuthenticationGrant(config, begun)).id_token);
  } finally {
    server.close();
  }
});

/** The attempt fails with the registered error code. */
async function refused(attempt, code) {
  const fault = await attempt.then(() => assert.fail('it was accepted'), (fault) => fault);
  assert.equal(fault.error, code, fault.message);
}
