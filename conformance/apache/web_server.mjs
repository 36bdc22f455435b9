// Apache with mod_auth_openidc in front of a page that only staff may see.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { closed, DESKTOP, visit } from '../browser/visitor.mjs';
import { APP, ISSUER, lanyard, newClient } from '../demo.mjs';
import { apache } from './server.mjs';

const PORT = Number(new URL(APP).port) + 1;
const SITE = `http://localhost:${PORT}`;

const PAGE = `<!doctype html>
<html lang="en"><title>Staff</title><main><h1>Staff</h1>
<p><!--#echo var="OIDC_CLAIM_name" --> of <!--#echo var="OIDC_CLAIM_org_name" -->: <!--#echo var="OIDC_CLAIM_roles" -->
</main></html>`;

const { id, secret } = newClient('ward-server', 'Ward server', `${SITE}/oidc/callback`, '--auth=basic', '--first-party');
const values = { PORT, ISSUER, CLIENT: id, SECRET: secret };
const server = await apache('httpd.conf.in', values, ['staff', 'supervisors'], PAGE);
try {
  await visit('a supervisor signs in at a web server, and her roles come along', DESKTOP, async (priya) => {
    await priya.page.goto(`${SITE}/staff/index.shtml`);
    await priya.isAt(`${ISSUER}/login/`);
    await priya.givesPassword('priya@riverside.example');
    await priya.isAt(`${SITE}/staff/`);
    await priya.sees('Priya', 'Riverside Clinic', 'practitioner', 'supervisor');
    await priya.opens(`${SITE}/supervisors/index.shtml`);
    await priya.sees('Priya');
  });

  await visit('a web server keeps out who has not the role', DESKTOP, async (sam) => {
    await sam.page.goto(`${SITE}/staff/index.shtml`);
    await sam.givesPassword('sam@riverside.example');
    await sam.isAt(`${SITE}/staff/`);
    const answer = await sam.page.goto(`${SITE}/supervisors/index.shtml`);
    assert.ok([401, 403].includes(answer.status()), String(answer.status()));
  });

  await visit('who is signed in at the demo app comes straight in at the web server', DESKTOP, async (priya) => {
    await priya.signsInAs('priya@riverside.example');
    await priya.opens(`${SITE}/staff/index.shtml`);
    await priya.isAt(`${SITE}/staff/`);
    await priya.sees('Priya');
  });

  for (const [how, address] of [
    ['behind the scenes', `backchannel_logout_uri=${SITE}/oidc/callback?logout=backchannel`],
    ['in a frame', `frontchannel_logout_uri=${SITE}/oidc/callback?logout=get`],
  ]) {
    await visit(`whoever signs out at one app is signed out at the web server, which is told ${how}`, DESKTOP, async (priya) => {
      lanyard('client', 'set', 'ward-server', 'backchannel_logout_uri=', 'frontchannel_logout_uri=', address);
      await priya.signsInAs('priya@riverside.example');
      await priya.page.goto(`${SITE}/staff/index.shtml`);
      await priya.isAt(`${SITE}/staff/`);
      await priya.opensTheApp();
      await priya.page.locator('a[href="/logout"]').click();
      await priya.isAt(APP);
      for (let tries = 0; tries < 50 && !priya.page.url().startsWith(`${ISSUER}/login/`); tries++) {
        await priya.page.goto(`${SITE}/staff/index.shtml`);
        await sleep(200);
      }
      await priya.isAt(`${ISSUER}/login/`);
    });
  }
} finally {
  await closed();
  server.end();
}
