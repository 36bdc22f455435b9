// Passkeys in a browser whose authenticator is a virtual one: added, asked for after the password, signing in from
// where the name is typed, and refused where its owner is not verified.

import assert from 'node:assert/strict';
import { ISSUER } from '../demo.mjs';
import { closed, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit } from './visitor.mjs';

const NOOR = 'noor@harbour.example';
const SECURITY = `${ISSUER}/account/security`;
const KEY = { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true };

/** Gives a visitor's browser an authenticator. */
async function withKey(visitor, options = {}) {
  const cdp = await visitor.page.context().newCDPSession(visitor.page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { ...KEY, ...options } });
  const say = (what, more = {}) => cdp.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  return { say, credentials: async () => (await say('getCredentials')).credentials };
}

async function addsAPasskey(visitor) {
  await visitor.opens(`${SECURITY}/passkeys`);
  await visitor.page.fill('input[name=name]', 'Noor’s finger');
  await visitor.page.locator('form[data-passkey] button').click();
  await visitor.page.locator('.secrets code').first().waitFor();
}

async function removesIt(visitor) {
  await visitor.opens(SECURITY);
  await visitor.presses(visitor.page.locator('a[href$="/remove"]'));
  await visitor.presses(visitor.page.locator('form[action$="/remove"] button'));
  await visitor.isAt(SECURITY);
}

const button = (visitor) => visitor.page.locator('form[action^="/login/passkey"] button');

for (const device of [DESKTOP, DARK_PHONE, SPANISH]) {
  await visit('a passkey is added, asked for after the password, and signs in alone', device, async (noor) => {
    const key = await withKey(noor);
    await noor.opensTheAccountAs(NOOR);
    await addsAPasskey(noor);
    assert.equal(await noor.page.locator('.secrets code').count(), 10);
    await noor.opens(SECURITY);
    await noor.sees('Noor’s finger');
    const [credential] = await key.credentials();
    assert.ok(credential.isResidentCredential && credential.rpId === 'localhost');

    const other = await noor.anotherDevice();
    const same = await withKey(other, { automaticPresenceSimulation: false });
    await same.say('addCredential', { credential });
    await other.opens(`${ISSUER}/account`);
    await other.givesPassword(NOOR);
    await other.isAt(`${ISSUER}/login/factor`);
    await same.say('setAutomaticPresenceSimulation', { enabled: true });
    await button(other).click();
    await other.isAt(`${ISSUER}/account`);

    const third = await noor.anotherDevice();
    const copy = await withKey(third);
    await copy.say('addCredential', { credential: (await same.credentials())[0] });
    // Where the name is typed, the browser offers the passkey by itself; the virtual one is chosen at once.
    await third.page.goto(`${ISSUER}/account`);
    await third.page.waitForURL(`${ISSUER}/account`);

    await removesIt(noor);
  });
}

await visit('whoever does not verify themselves goes on with the password', PHONE, async (noor) => {
  const key = await withKey(noor);
  await noor.opensTheAccountAs(NOOR);
  await addsAPasskey(noor);
  const [credential] = await key.credentials();
  const other = await noor.anotherDevice();
  const locked = await withKey(other, { isUserVerified: false });
  await locked.say('addCredential', { credential });
  await other.opens(`${ISSUER}/account`);
  await other.page.locator('form[action^="/login/passkey"] button').click();
  await other.page.locator('form[action^="/login/passkey"] [role=alert]:not([hidden])').waitFor();
  await other.givesPassword(NOOR);
  await other.isAt(`${ISSUER}/login/factor`);
  await removesIt(noor);
});

await visit('a copied passkey is closed for good, and a recovery code lets its person in', SPANISH, async (noor) => {
  const key = await withKey(noor);
  await noor.opensTheAccountAs(NOOR);
  await addsAPasskey(noor);
  const recovery = await noor.page.locator('.secrets code').first().textContent();
  const [credential] = await key.credentials();

  // The copy is taken now, and counts from here; the original goes on.
  const original = await noor.anotherDevice();
  await (await withKey(original)).say('addCredential', { credential: { ...credential, signCount: credential.signCount + 5 } });
  await original.page.goto(`${ISSUER}/account`);
  await original.page.waitForURL(`${ISSUER}/account`);
  const thief = await noor.anotherDevice();
  const copy = await withKey(thief);
  await copy.say('addCredential', { credential });
  // However often it asks, the copy never counts its way in.
  const answers = [];
  for (let tries = 0; tries < 4; tries += 1) {
    const answer = thief.page.waitForResponse((one) => one.request().method() === 'POST' && one.url().includes('/login/passkey'));
    await thief.page.goto(`${ISSUER}/account`).catch(() => {}); // the answer may come first
    answers.push((await answer).status());
    await thief.page.goto('about:blank').catch(() => {});
  }
  await thief.page.close();
  assert.ok(answers.every((status) => [422, 429].includes(status)), answers.join(' '));
  const { status, headers } = await original.page.request.get(`${ISSUER}/account`, { maxRedirects: 0 })
    .then((response) => ({ status: response.status(), headers: response.headers() }));
  assert.ok(status === 303 && headers.location.startsWith('/login'), 'whatever the original began is over too');

  const own = await noor.anotherDevice();
  await own.opens(`${ISSUER}/account`);
  await own.givesPassword(NOOR);
  await own.isAt(`${ISSUER}/login/factor`);
  await own.page.fill('input[name=code]', recovery);
  await own.presses(own.page.locator('form[action^="/login/factor"] button'));
  await own.isAt(`${ISSUER}/account`);
  await removesIt(own);
});

await closed();
