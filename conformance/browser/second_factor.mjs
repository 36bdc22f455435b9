// A second factor from the picture to the lost telephone. The authenticator app is oathtool.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { ISSUER } from '../demo.mjs';
import { closed, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const NOOR = 'noor@harbour.example';
const SECURITY = `${ISSUER}/account/security`;

/** What the app shows, `ahead` half minutes from now: a code is taken once, so the next one is that of the next half minute. */
function code(seed, ahead = 0) {
  const at = `@${Math.floor(Date.now() / 1000) + ahead * 30}`;
  return execFileSync('oathtool', ['--totp', '--base32', '--now', at, seed], { encoding: 'utf8' }).trim();
}

for (const device of [DESKTOP, DARK_PHONE, WITHOUT_SCRIPTS, SPANISH]) {
  await visit('an authenticator app is set up, asked for, stood in for by a recovery code, and removed', device, async (noor) => {
    await noor.opensTheAccountAs(NOOR);
    await noor.opens(SECURITY);
    await noor.presses(noor.page.locator('form[action="/account/security/apps"] button'));
    const seed = (await noor.page.innerText('.code')).trim();
    assert.ok(await noor.page.locator('.picture svg path').count(), 'a picture to scan');
    await noor.fills({ name: 'Noor’s phone', code: '000000' });
    await noor.isRefused('code');
    const used = code(seed);
    await noor.fills({ name: 'Noor’s phone', code: used });
    const [first] = await noor.page.locator('.secrets code').allInnerTexts();
    assert.match(first, /^([0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    await noor.opens(SECURITY);
    await noor.sees('Noor’s phone', '10');

    const other = await noor.anotherDevice();
    await other.opens(`${ISSUER}/account`);
    await other.givesPassword(NOOR);
    await other.isAt(`${ISSUER}/login/factor`);
    await other.fills({ code: used });
    await other.isRefused('code');
    await other.fills({ code: code(seed, 1) });
    await other.isAt(`${ISSUER}/account`);

    const third = await noor.anotherDevice();
    await third.opens(`${ISSUER}/account`);
    await third.givesPassword(NOOR);
    await third.presses(third.page.locator('a[href*="recovery=1"]'));
    await third.fills({ code: first });
    await third.isAt(`${ISSUER}/account`);
    await third.opens(SECURITY);
    await third.sees('9');

    await noor.opens(SECURITY);
    await noor.presses(noor.page.locator('a[href$="/remove"]'));
    await noor.presses(noor.page.locator('form[action$="/remove"] button'));
    await noor.isAt(SECURITY);
    await noor.doesNotSee('Noor’s phone');
    await noor.opens(`${ISSUER}/account/sessions`);
    await noor.presses(noor.page.locator('form[action="/account/sessions/end-all"] button'));
  });
}

await visit('whoever is asked for a code and is somebody else starts over', PHONE, async (noor) => {
  await noor.opensTheAccountAs(NOOR);
  await noor.opens(SECURITY);
  await noor.presses(noor.page.locator('form[action="/account/security/apps"] button'));
  const seed = (await noor.page.innerText('.code')).trim();
  await noor.fills({ name: 'x', code: code(seed) });
  const other = await noor.anotherDevice();
  await other.opens(`${ISSUER}/account`);
  await other.givesPassword(NOOR);
  await other.opens(`${ISSUER}/account/name`);
  await other.isAt(`${ISSUER}/login/factor`);
  await other.presses(other.page.locator('a[href^="/login/password"]'));
  await other.givesPassword('olivia@riverside.example');
  await other.sees('Olivia Berg');
  await noor.opens(SECURITY);
  await noor.presses(noor.page.locator('a[href$="/remove"]'));
  await noor.presses(noor.page.locator('form[action$="/remove"] button'));
});

await closed();
