// openid-client, asking in every way there is: pushed requests.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { CALENDAR, PORTAL } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { app, authorization } from './relying_party.mjs';

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
