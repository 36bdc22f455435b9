// An app that is not the clinic's own: it runs at another address, and people are asked before it learns of them.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import * as client from 'openid-client';
import { ISSUER, lanyard, newClient } from '../demo.mjs';
import { app, authorization } from '../node/relying_party.mjs';
import { closed, DANISH, DARK_PHONE, DESKTOP, PHONE, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const MAX = 'max@riverside.example';

let answer; // what the app was sent: query of a GET, body of a POST
const server = createServer(async (request, response) => {
  const sent = request.method === 'POST' ? Buffer.concat(await request.toArray()).toString() : request.url.split('?')[1];
  if (request.url.startsWith('/answer')) answer = new URLSearchParams(sent);
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><html lang="en"><title>Survey</title><main><h1>Thank you</h1></main></html>');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const SITE = `http://127.0.0.1:${server.address().port}`;

const survey = newClient('survey', 'Staff Survey', `${SITE}/answer`, '--auth=basic');
const config = await app(survey, client.ClientSecretBasic(survey.secret));
const planner = newClient('planner', 'Holiday Planner', `${SITE}/answer`, '--auth=basic');
const planning = await app(planner, client.ClientSecretBasic(planner.secret));

for (const device of [DESKTOP, PHONE, DARK_PHONE, WITHOUT_SCRIPTS, DANISH]) {
  await visit('an app of others asks first, is refused, is allowed, asks no more, and is sent away again', device, async (max) => {
    await max.opens(String((await authorization(config, survey)).address));
    await max.givesPassword(MAX);
    await max.sees('Staff Survey');
    await max.presses(max.page.locator('button[name=decision][value=deny]'));
    await max.isAt(`${SITE}/answer`);
    assert.equal(answer.get('error'), 'access_denied');

    const { address, checks } = await authorization(config, survey);
    await max.opens(String(address));
    await max.presses(max.page.locator('button[name=decision][value=allow]'));
    await max.isAt(`${SITE}/answer`);
    const tokens = await client.authorizationCodeGrant(config, new URL(`${SITE}/answer?${answer}`), checks);
    assert.equal(tokens.claims().email, MAX);

    await max.opens(String((await authorization(config, survey)).address));
    await max.isAt(`${SITE}/answer`);

    await max.opens(`${ISSUER}/account/apps`);
    await max.sees('Staff Survey');
    await max.presses(max.page.locator('li', { hasText: 'Staff Survey' }).getByRole('button'));
    await max.opens(String((await authorization(config, survey)).address));
    await max.sees('Staff Survey');
    await max.isAt(`${ISSUER}/`);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token ?? 'none'));
  });

  await visit('the answer comes as a form to another site', device, async (max) => {
    await max.opens(String((await authorization(planning, planner, { response_mode: 'form_post', prompt: 'consent' })).address));
    await max.givesPassword(MAX);
    answer = undefined;
    await max.page.locator('button[name=decision][value=allow]').click();
    if (device === WITHOUT_SCRIPTS) await max.page.locator('form button').first().click();
    await max.isAt(`${SITE}/answer`);
    assert.ok(answer.get('code'));
    assert.equal(answer.get('iss'), ISSUER);
  });
}

const doctors = newClient('doctors', 'Doctors only', `${SITE}/answer`, '--auth=basic', '--first-party');
lanyard('client', 'activate', doctors.id, '--organization', 'riverside', '--require-group', 'gps');
const open = await app(doctors, client.ClientSecretBasic(doctors.secret));

for (const device of [DESKTOP, DARK_PHONE, WITHOUT_SCRIPTS]) {
  await visit('an app that asks for a group tells who is not in it, and lets in who is', device, async (max) => {
    await max.opens(String((await authorization(open, doctors)).address));
    await max.givesPassword(MAX);
    await max.isAt(`${ISSUER}/`);
    await max.sees('Doctors only', 'gps');
    answer = undefined;
    await max.presses(max.page.locator(`a[href^="${SITE}/answer"]`));
    await max.isAt(`${SITE}/answer`);
    assert.equal(answer.get('error'), 'access_denied');

    const priya = await max.anotherDevice();
    await priya.opens(String((await authorization(open, doctors)).address));
    await priya.givesPassword('priya@riverside.example');
    await priya.isAt(`${SITE}/answer`);
    assert.ok(answer.get('code'));
  });
}

server.close();
await closed();
