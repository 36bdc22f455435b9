// openid-client, asking and being answered in every way there is: pushed requests, authorization details, single claims, signed
// requests, signed and encrypted answers, subjects of a sector, all of it at once (FAPI 2.0).

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';
import { example, until } from '../case.mjs';
import { APP, CALENDAR, ISSUER, lanyard, newClient, PORTAL, REPORTING, RESOURCE } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { app, authorization, signIn } from './relying_party.mjs';

const PRIYA = 'priya@riverside.example';

const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const portal = await app(PORTAL, client.None());

for (const [name, config, registered] of [['confidential', calendar, CALENDAR], ['public', portal, PORTAL]]) {
  await example(`a ${name} app pushes its request`, async () => {
    const { address, checks } = await authorization(config, registered);
    const pushed = await client.buildAuthorizationUrlWithPAR(config, address.searchParams);
    assert.deepEqual([...pushed.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    const agent = new Agent();
    const tokens = await client.authorizationCodeGrant(config, await agent.answer(pushed, registered.redirect, PRIYA), checks);
    assert.equal(tokens.claims().aud, registered.id);
    await assert.rejects(agent.answer(pushed, registered.redirect, PRIYA), 'it is answered once');
  });
}

await example('a service is granted authorization details of the type that it declares', async () => {
  const schemas = JSON.stringify({ report: { type: 'object', properties: { year: { type: 'integer' } } } });
  lanyard('client', 'set', REPORTING.id, 'authorization_details_types=report', `authorization_details_schemas=${schemas}`);
  const reporting = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
  const details = [{ type: 'report', year: 2026 }];
  const asked = { authorization_details: JSON.stringify(details) };
  const tokens = await until(() => client.clientCredentialsGrant(reporting, asked));
  assert.deepEqual(tokens.authorization_details, details);
  for (const bad of [[{ type: 'report', year: 'all' }], [{ type: 'other' }]]) {
    const attempt = client.clientCredentialsGrant(reporting, { authorization_details: JSON.stringify(bad) });
    assert.equal((await attempt.catch((fault) => fault)).error, 'invalid_authorization_details');
  }
});

await example('an app asks for single claims', async () => {
  const claims = { id_token: { email: { essential: true } }, userinfo: { roles: null } };
  const tokens = await signIn(calendar, CALENDAR, PRIYA, { scope: 'openid', claims: JSON.stringify(claims) });
  assert.deepEqual([tokens.claims().email, tokens.claims().name], [PRIYA, undefined]);
  const userinfo = await client.fetchUserInfo(calendar, tokens.access_token, tokens.claims().sub);
  assert.deepEqual([userinfo.roles, userinfo.email], [['practitioner', 'supervisor'], undefined]);
});

const sign = await generateKeyPair('ES256', { extractable: true });

/** An app that is registered for this run, with public keys and whatever else it wishes. */
async function keyed(name, members, ...keys) {
  const registered = newClient(name, name, `${APP}/${name}`, '--first-party', '--auth=basic');
  const jwks = { keys: await Promise.all(keys.map(async ({ key, ...more }) => ({ ...(await exportJWK(key)), ...more }))) };
  lanyard('client', 'set', name, `jwks=${JSON.stringify(jwks)}`, ...members);
  return registered;
}

/** openid-client as that app, which knows what it registered. */
function as(registered, metadata, ...execute) {
  const plain = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  return client.discovery(
    new URL(ISSUER), registered.id, metadata, client.ClientSecretBasic(registered.secret), { execute: [...plain, ...execute] },
  );
}

await example('an app signs its request', async () => {
  const own = { key: sign.publicKey, kid: 'sign', use: 'sig' };
  const registered = await keyed('signing-app', ['require_signed_request_object=true', 'request_object_signing_alg=ES256'], own);
  const config = await as(registered, {});
  const { address, checks } = await authorization(config, registered);
  const key = { key: sign.privateKey, kid: 'sign' };
  const signed = await client.buildAuthorizationUrlWithJAR(config, address.searchParams, key);
  assert.ok(signed.searchParams.has('request') && !signed.searchParams.has('scope'));
  const tokens = await client.authorizationCodeGrant(config, await new Agent().answer(signed, registered.redirect, PRIYA), checks);
  assert.equal(tokens.claims().email, PRIYA);
  await assert.rejects(client.buildAuthorizationUrlWithPAR(config, signed.searchParams), 'an object is used once');
  const another = await client.buildAuthorizationUrlWithJAR(config, address.searchParams, key);
  const pushed = await client.buildAuthorizationUrlWithPAR(config, another.searchParams);
  await client.authorizationCodeGrant(config, await new Agent().answer(pushed, registered.redirect, PRIYA), checks);
  const forged = await client.buildAuthorizationUrlWithJAR(
    config, address.searchParams, (await generateKeyPair('ES256', { extractable: true })).privateKey,
  );
  await assert.rejects(new Agent().answer(forged, registered.redirect, PRIYA), /invalid_request_object/);
});

await example('an app is answered by a signed token (JARM)', async () => {
  const registered = await keyed('jarm-app', ['authorization_signed_response_alg=ES256'], { key: sign.publicKey });
  const config = await as(registered, { authorization_signed_response_alg: 'ES256' }, client.useJwtResponseMode);
  const { address, checks } = await authorization(config, registered);
  assert.equal(address.searchParams.get('response_mode'), 'jwt');
  const answer = await new Agent().answer(address, registered.redirect, PRIYA);
  assert.ok(answer.searchParams.has('response') && !answer.searchParams.has('code'));
  assert.ok((await client.authorizationCodeGrant(config, answer, checks)).id_token);
});

const algorithms = [
  ['ECDH-ES', 'A128CBC-HS256'], ['ECDH-ES+A128KW', 'A256CBC-HS512'], ['ECDH-ES+A256KW', 'A256GCM'], ['RSA-OAEP-256', 'A128GCM'],
];
for (const [at, [alg, enc]] of algorithms.entries()) {
  await example(`an app gets encrypted answers, ID tokens and userinfo (${alg}, ${enc})`, async () => {
    const pair = await generateKeyPair(alg, { extractable: true, crv: 'P-256' });
    const kinds = ['id_token', 'userinfo', 'authorization'];
    const members = kinds.flatMap((kind) => [`${kind}_encrypted_response_alg=${alg}`, `${kind}_encrypted_response_enc=${enc}`]);
    const more = ['userinfo_signed_response_alg=RS256', 'authorization_signed_response_alg=RS256'];
    const own = { key: pair.publicKey, kid: 'enc', use: 'enc' };
    const registered = await keyed(`sealed-app-${at}`, [...members, ...more], own);
    const config = await as(
      registered, { userinfo_signed_response_alg: 'RS256', authorization_signed_response_alg: 'RS256' }, client.useJwtResponseMode,
    );
    client.enableDecryptingResponses(config, [enc], { key: pair.privateKey, alg, kid: 'enc' });
    const tokens = await signIn(config, registered, PRIYA);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.deepEqual([tokens.claims().email, userinfo.email], [PRIYA, PRIYA]);
  });
}

await example('introspection is answered by a signed token (RFC 9701)', async () => {
  lanyard('client', 'set', RESOURCE.id, 'introspection_signed_response_alg=ES256');
  const resource = await as(RESOURCE, { introspection_signed_response_alg: 'ES256' });
  const tokens = await client.clientCredentialsGrant(await app(REPORTING, client.ClientSecretBasic(REPORTING.secret)));
  const seen = await client.tokenIntrospection(resource, tokens.access_token);
  assert.deepEqual([seen.active, seen.client_id], [true, REPORTING.id]);
  lanyard('client', 'set', RESOURCE.id, 'introspection_signed_response_alg=');
});

await example('an app knows people by the names of its sector', async () => {
  const subjects = [];
  for (const [name, ...members] of [['sector-one', 'subject_type=pairwise'], ['sector-two', 'subject_type=pairwise'], ['for-all']]) {
    const registered = await keyed(name, members, { key: sign.publicKey });
    const config = await as(registered, {});
    const times = [];
    for (let time = 0; time < 2; time++) {
      const tokens = await signIn(config, registered, PRIYA);
      times.push((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).sub);
    }
    assert.equal(times[0], times[1]);
    subjects.push(times[0]);
  }
  const [one, two, everywhere] = subjects;
  assert.notEqual(one, two, 'apps on one machine have no sector in common');
  assert.notEqual(one, everywhere);
  assert.match(everywhere, /^usr_/);
});

for (const profile of ['fapi2-security', 'fapi2-message-signing']) {
  await example(`an app is held to its profile (${profile})`, async () => {
    const signs = profile === 'fapi2-message-signing';
    const members = [
      `profile=${profile}`, 'token_endpoint_auth_method=private_key_jwt', 'dpop_bound_access_tokens=true',
      'id_token_signed_response_alg=ES256',
    ];
    const registered = await keyed(profile, members, { key: sign.publicKey, kid: 'sign' });
    const key = { key: sign.privateKey, kid: 'sign' };
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...(signs ? [client.useJwtResponseMode] : [])];
    const metadata = { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'PS256' };
    const config = await client.discovery(new URL(ISSUER), registered.id, metadata, client.PrivateKeyJwt(key), { execute });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const { address, checks } = await authorization(config, registered);
    await assert.rejects(new Agent().answer(address, registered.redirect, PRIYA).then((answer) =>
      client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })), 'not pushed');
    let asked = address.searchParams;
    if (signs) {
      await assert.rejects(client.buildAuthorizationUrlWithPAR(config, asked).then((plain) =>
        new Agent().answer(plain, registered.redirect, PRIYA)).then((answer) =>
        client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })), 'not signed');
      asked = (await client.buildAuthorizationUrlWithJAR(config, asked, key)).searchParams;
    }
    const pushed = await client.buildAuthorizationUrlWithPAR(config, asked, { DPoP });
    const answer = await new Agent().answer(pushed, registered.redirect, PRIYA);
    assert.equal(answer.searchParams.has('response'), signs);
    const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
    assert.equal(tokens.token_type, 'dpop');
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    assert.equal(userinfo.email, PRIYA);
  });
}
