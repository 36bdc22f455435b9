// openid-client as a relying party: confidential and public, every way in and out of the demo clinic.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { example } from '../case.mjs';
import { APP, CALENDAR, ISSUER, newClient, PORTAL, REPORTING, RESOURCE } from '../demo.mjs';
import { Agent } from './agent.mjs';
import { app, authorization, signIn } from './relying_party.mjs';

const PRIYA = 'priya@riverside.example';
const OLIVIA = 'olivia@riverside.example';

const calendar = await app(CALENDAR, client.ClientSecretBasic(CALENDAR.secret));
const portal = await app(PORTAL, client.None());
const reporting = await app(REPORTING, client.ClientSecretBasic(REPORTING.secret));
const resource = await app(RESOURCE, client.ClientSecretBasic(RESOURCE.secret));

await example('a confidential app learns who signed in, and what she may do where', async () => {
  const tokens = await signIn(calendar, CALENDAR, PRIYA);
  const claims = tokens.claims();
  assert.deepEqual(claims.roles, ['practitioner', 'supervisor']);
  assert.deepEqual(claims.groups, ['gps']);
  assert.deepEqual(claims.locations, ['harbour-quay', 'main-street']);
  assert.equal(claims.email, PRIYA);
  const userinfo = await client.fetchUserInfo(calendar, tokens.access_token, claims.sub);
  assert.equal(userinfo.name, claims.name);
  assert.deepEqual(userinfo.roles, claims.roles);
});

await example('a confidential app may send its secret in the form', async () => {
  const registered = newClient('form-app', 'Form app', `${APP}/form`, '--first-party', '--auth=post');
  const config = await app(registered, client.ClientSecretPost(registered.secret));
  assert.ok((await signIn(config, registered, PRIYA)).access_token);
});

await example('a wrong secret is refused', async () => {
  const config = await app(CALENDAR, client.ClientSecretBasic('not the secret'));
  await refused(signIn(config, CALENDAR, PRIYA), 'invalid_client');
});

await example('a public app signs in with PKCE alone', async () => {
  assert.equal((await signIn(portal, PORTAL, PRIYA)).claims().aud, PORTAL.id);
});

await example('a code without its verifier is refused', async () => {
  const { address, checks } = await authorization(portal, PORTAL);
  const answer = await new Agent().answer(address, PORTAL.redirect, PRIYA);
  const other = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await refused(client.authorizationCodeGrant(portal, answer, other), 'invalid_grant');
});

await example('a code is good for one sign-in, and used again ends what came of it', async () => {
  const { address, checks } = await authorization(calendar, CALENDAR);
  const answer = await new Agent().answer(address, CALENDAR.redirect, PRIYA);
  const tokens = await client.authorizationCodeGrant(calendar, answer, checks);
  assert.equal((await client.tokenIntrospection(resource, tokens.access_token)).active, true);
  await refused(client.authorizationCodeGrant(calendar, answer, checks), 'invalid_grant');
  assert.equal((await client.tokenIntrospection(resource, tokens.access_token)).active, false);
});

await example('the answer comes as a form when the app asks for one', async () => {
  const tokens = await signIn(calendar, CALENDAR, PRIYA, { response_mode: 'form_post' });
  assert.ok(tokens.id_token);
});

await example('tokens are refreshed, each refresh token once', async () => {
  const first = await signIn(calendar, CALENDAR, PRIYA, { scope: 'openid roles offline_access' });
  const second = await client.refreshTokenGrant(calendar, first.refresh_token);
  const third = await client.refreshTokenGrant(calendar, second.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  await refused(client.refreshTokenGrant(calendar, first.refresh_token), 'invalid_grant');
  await refused(client.refreshTokenGrant(calendar, third.refresh_token), 'invalid_grant');
});

await example('a revoked token is no longer active', async () => {
  const tokens = await signIn(calendar, CALENDAR, PRIYA, { scope: 'openid offline_access' });
  await client.tokenRevocation(calendar, tokens.refresh_token);
  await refused(client.refreshTokenGrant(calendar, tokens.refresh_token), 'invalid_grant');
});

await example('a service gets a token of its own', async () => {
  const tokens = await client.clientCredentialsGrant(reporting);
  const seen = await client.tokenIntrospection(resource, tokens.access_token);
  assert.deepEqual([seen.active, seen.sub, seen.client_id], [true, REPORTING.id, REPORTING.id]);
  assert.equal(seen.sid, undefined);
});

await example('who is signed in switches the practice without being asked', async () => {
  const agent = new Agent();
  const riverside = await signIn(calendar, CALENDAR, OLIVIA, { agent, organization: 'riverside' });
  const harbour = await signIn(calendar, CALENDAR, OLIVIA, { agent, organization: 'harbour', prompt: 'none' });
  assert.deepEqual(riverside.claims().roles, ['owner']);
  assert.deepEqual(harbour.claims().roles, ['practitioner']);
  assert.equal(harbour.claims().sub, riverside.claims().sub);
  assert.notEqual(harbour.claims().org_id, riverside.claims().org_id);
});

await example('a practice that is not hers and one that is not there answer alike', async () => {
  for (const organization of ['harbour', 'nowhere']) {
    const agent = new Agent();
    await signIn(calendar, CALENDAR, PRIYA, { agent });
    await refused(signIn(calendar, CALENDAR, PRIYA, { agent, organization, prompt: 'none' }), 'access_denied');
  }
});

await example('prompt=none says login_required when nobody is signed in', async () => {
  await refused(signIn(calendar, CALENDAR, PRIYA, { prompt: 'none' }), 'login_required');
});

await example('max_age=0 and prompt=login ask again', async () => {
  const agent = new Agent();
  await signIn(calendar, CALENDAR, PRIYA, { agent });
  await refused(signIn(calendar, CALENDAR, PRIYA, { agent, max_age: '0', prompt: 'none' }), 'login_required');
  const again = await signIn(calendar, CALENDAR, PRIYA, { agent, prompt: 'login' });
  assert.ok(again.claims().auth_time);
});

await example('the app signs the person out and gets her back', async () => {
  const agent = new Agent();
  const tokens = await signIn(calendar, CALENDAR, PRIYA, { agent });
  const home = `${APP}/`;
  const leave = client.buildEndSessionUrl(calendar, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: home, state: 'bye',
  });
  assert.equal(String(await agent.answer(leave, home)), `${home}?state=bye`);
  await refused(signIn(calendar, CALENDAR, PRIYA, { agent, prompt: 'none' }), 'login_required');
});

await example('discovery says the same in both places', async () => {
  const [openid, oauth] = await Promise.all(['openid-configuration', 'oauth-authorization-server'].map(async (name) => {
    const response = await fetch(`${ISSUER}/.well-known/${name}`);
    assert.equal(response.status, 200);
    return response.json();
  }));
  assert.equal(openid.issuer, ISSUER);
  for (const [name, value] of Object.entries(oauth)) assert.deepEqual(openid[name], value, name);
});

/** The attempt fails with the registered error code. */
async function refused(attempt, code) {
  const fault = await attempt.then(() => assert.fail('it was accepted'), (fault) => fault);
  const said = fault.error ?? (await fault.response?.json())?.error; // the second where the answer carries a challenge
  assert.equal(said, code, fault.message);
}
