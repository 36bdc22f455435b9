// A browser app made of oidc-client-ts: no server of its own, tokens in the page, renewed without anybody noticing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { APP, ISSUER, lanyard } from '../demo.mjs';
import { closed, DESKTOP, PHONE, visit } from './visitor.mjs';

const PORT = Number(new URL(APP).port) + 2;
const SITE = `http://localhost:${PORT}`;
const PRIYA = 'priya@riverside.example';

const library = join(createRequire(import.meta.url).resolve('oidc-client-ts'), '../../browser/oidc-client-ts.min.js');
const LIBRARY = readFileSync(library);
const SETTINGS = {
  authority: ISSUER,
  client_id: 'ward-board',
  redirect_uri: `${SITE}/`,
  silent_redirect_uri: `${SITE}/silent`,
  post_logout_redirect_uri: `${SITE}/out`,
  scope: 'openid profile roles organization',
  loadUserInfo: true,
  automaticSilentRenew: false,
};
const PAGE = `<!doctype html>
<html lang="en"><title>Ward board</title><main><h1>Ward board</h1>
<button id="in">Sign in</button> <button id="out">Sign out</button> <p id="who">nobody</p></main>
<script src="/library.js"></script>
<script>
  const manager = new oidc.UserManager(${JSON.stringify(SETTINGS)});
  const who = document.getElementById('who');
  const show = (user) => { who.textContent = user ? user.profile.name + ': ' + user.profile.roles : 'nobody'; };
  document.getElementById('in').onclick = () => manager.signinRedirect();
  document.getElementById('out').onclick = () => manager.signoutRedirect();
  if (location.pathname === '/silent') manager.signinSilentCallback();
  else if (location.search.includes('state=')) manager.signinCallback().then(show, (error) => { who.textContent = String(error); });
  else manager.getUser().then(show);
</script></html>`;

const register = ['client', 'create', SETTINGS.client_id, '--name', 'Ward board', '--first-party'];
const addresses = ['--redirect-uri', SETTINGS.redirect_uri, '--redirect-uri', SETTINGS.silent_redirect_uri,
  '--post-logout-redirect-uri', SETTINGS.post_logout_redirect_uri];
lanyard(...register, ...addresses);
lanyard('client', 'activate', SETTINGS.client_id, '--organization', 'riverside');

const server = createServer((request, response) => {
  const script = request.url === '/library.js';
  response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8' });
  response.end(script ? LIBRARY : PAGE);
});
await new Promise((ready) => { server.listen(PORT, 'localhost', ready); });

async function signsIn(visitor) {
  await visitor.page.goto(SITE);
  await visitor.page.click('#in');
  await visitor.isAt(`${ISSUER}/login/`);
  await visitor.givesPassword(PRIYA);
  await visitor.isAt(SITE);
  await visitor.page.locator('#who', { hasText: 'supervisor' }).waitFor();
}

/** What `expression` comes to in the page, or the error that it ends in. */
function inThePage(visitor, expression) {
  return visitor.page.evaluate(`(${expression}).catch((error) => ({ error: error.error ?? String(error) }))`);
}

const RENEWED = 'manager.signinSilent().then((user) => ({ token: user.access_token, sub: user.profile.sub }))';
const KEPT = 'manager.getUser().then((user) => ({ token: user.access_token, sub: user.profile.sub }))';

for (const device of [DESKTOP, PHONE]) {
  await visit('a browser app signs a person in and reads userinfo across origins', device, async (priya) => {
    await signsIn(priya);
    await priya.sees('Priya', 'practitioner,supervisor');
  });
}

await visit('tokens are renewed by the refresh token', DESKTOP, async (priya) => {
  await signsIn(priya);
  const [before, after] = [await inThePage(priya, KEPT), await inThePage(priya, RENEWED)];
  assert.equal(after.sub, before.sub, JSON.stringify(after));
  assert.notEqual(after.token, before.token);
});

const FORGETS = 'manager.getUser().then((user) => { delete user.refresh_token; return manager.storeUser(user); })';

await visit('without a refresh token they are renewed in a frame, as long as the session lives', DESKTOP, async (priya) => {
  await signsIn(priya);
  await inThePage(priya, FORGETS);
  const [before, after] = [await inThePage(priya, KEPT), await inThePage(priya, RENEWED)];
  assert.equal(after.sub, before.sub, JSON.stringify(after));
  await inThePage(priya, FORGETS);
  await priya.page.context().clearCookies();
  assert.equal((await inThePage(priya, RENEWED)).error, 'login_required');
});

await visit('signing out of a browser app ends the session and comes back to the app', DESKTOP, async (priya) => {
  await signsIn(priya);
  await priya.page.click('#out');
  if (priya.page.url().startsWith(ISSUER)) await priya.submits('button');
  await priya.isAt(`${SITE}/out`);
  await priya.page.click('#in');
  await priya.isAt(`${ISSUER}/login/`);
});

await closed();
server.close();
