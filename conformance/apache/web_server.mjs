// Apache with mod_auth_openidc in front of a page that only staff may see.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closed, DESKTOP, visit } from '../browser/visitor.mjs';
import { APP, ISSUER, newClient } from '../demo.mjs';

const PORT = Number(new URL(APP).port) + 1;
const SITE = `http://localhost:${PORT}`;

const PAGE = `<!doctype html>
<html lang="en"><title>Staff</title><main><h1>Staff</h1>
<p><!--#echo var="OIDC_CLAIM_name" --> of <!--#echo var="OIDC_CLAIM_org_name" -->: <!--#echo var="OIDC_CLAIM_roles" -->
</main></html>`;

const folder = mkdtempSync(join(tmpdir(), 'lanyard-apache.'));
const apache = await started();
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
} finally {
  await closed();
  apache.kill();
  rmSync(folder, { recursive: true });
}

async function started() {
  const { id, secret } = newClient('ward-server', 'Ward server', `${SITE}/oidc/callback`, '--auth=basic', '--first-party');
  const values = { FOLDER: folder, PORT, ISSUER, CLIENT: id, SECRET: secret };
  const template = readFileSync(new URL('httpd.conf.in', import.meta.url), 'utf8');
  writeFileSync(join(folder, 'httpd.conf'), template.replace(/^#.*\n/gm, '').replace(/@([A-Z]+)@/g, (_, name) => values[name]));
  for (const place of ['staff', 'supervisors']) {
    mkdirSync(join(folder, 'pages', place), { recursive: true });
    writeFileSync(join(folder, 'pages', place, 'index.shtml'), PAGE);
  }
  mkdirSync(join(folder, 'cache'));
  chmodSync(folder, 0o755);
  chmodSync(join(folder, 'cache'), 0o777); // Apache runs as www-data where root starts it

  execFileSync('apache2', ['-f', join(folder, 'httpd.conf'), '-t'], { stdio: 'pipe' });
  // In a group of its own, which Apache ends as a whole; and it ends with this program.
  const command = ['--pdeathsig', 'TERM', 'apache2', '-f', join(folder, 'httpd.conf'), '-DFOREGROUND'];
  const server = spawn('setpriv', command, { stdio: 'inherit', detached: true });
  for (let tries = 0; tries < 100; tries++) {
    if (await fetch(SITE, { redirect: 'manual' }).catch(() => null)) return server;
    await sleep(50);
  }
  server.kill();
  throw new Error(`Apache does not start:\n${readFileSync(join(folder, 'error.log'), 'utf8')}`);
}
