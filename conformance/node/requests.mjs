// openid-client, asking in every way there is: pushed requests, authorization details, single claims.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { CALENDAR, lanyard, PORTAL, REPORTING } from '../demo.mjs';
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
  const tokens = await client.clientCredentialsGrant(reporting, { authorization_details: JSON.stringify(details) });
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
