// Whoever has lost every second factor is let in by two administrators; an emergency account comes out of the safe. The
// authenticator app is oathtool, the key a virtual one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { ISSUER, lanyard, mailedLink } from '../demo.mjs';
import { withKey } from './authenticator.mjs';
import { closed, DARK_PHONE, DESKTOP, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const [OLIVIA, MAX, PRIYA] = ['olivia', 'max', 'priya'].map((name) => `${name}@riverside.example`);
const RECOVERIES = `${ISSUER}/account/recoveries`;

for (const device of [DESKTOP, DARK_PHONE, WITHOUT_SCRIPTS, SPANISH]) {
  await visit('one administrator asks, another agrees, and the link goes on with the password', device, async (priya) => {
    await priya.opensTheAccountAs(PRIYA);
    await priya.opens(`${ISSUER}/account/security`);
    await priya.presses(priya.page.locator('form[action="/account/security/apps"] button'));
    const seed = (await priya.page.innerText('.code')).trim();
    const at = `@${Math.floor(Date.now() / 1000)}`;
    await priya.fills({ name: 'Lost', code: execFileSync('oathtool', ['--totp', '--base32', '--now', at, seed], { encoding: 'utf8' }).trim() });

    const olivia = await priya.anotherDevice();
    await olivia.opensTheAccountAs(OLIVIA);
    await olivia.opens(`${ISSUER}/account/security`);
    await olivia.presses(olivia.page.locator('a[href="/account/recoveries"]'));
    await olivia.fills({ email: 'nobody@riverside.example', reason: 'Lost the phone' });
    await olivia.isRefused('email');
    await olivia.fills({ email: PRIYA, reason: 'Lost the phone' });
    await olivia.sees('Priya Nair', 'Lost the phone');

    await priya.opens(await mailedLink(PRIYA, '/recovery/stop/'));

    const max = await priya.anotherDevice();
    await max.opensTheAccountAs(MAX);
    await max.opens(RECOVERIES);
    await max.presses(max.page.locator('button[value=agree]'));
    await max.sees('Priya Nair');
    await max.doesNotSee('nobody@riverside.example');

    const other = await priya.anotherDevice();
    await other.opens(await mailedLink(PRIYA, '/recovery/'));
    await other.presses(other.page.locator('a.button'));
    await other.givesPassword(PRIYA);
    await other.isAt(`${ISSUER}/recovery/`);
    await other.presses(other.page.locator('button[value=go-on]'));
    await other.isAt(`${ISSUER}/account`);
    await other.opens(`${ISSUER}/account/security`);
    await other.doesNotSee('Lost');
  });
}

for (const device of [DESKTOP, DARK_PHONE]) {
  await visit('an emergency account signs in by its key, once', device, async (somebody) => {
    const safe = `safe-${device.name}`; // a name is given once
    const { link } = JSON.parse(lanyard('emergency', 'create', safe, '--organization', 'riverside', '--json'));
    await withKey(somebody, { transport: 'usb' });
    await somebody.opens(link);
    await somebody.page.locator('form[data-passkey] button').click();
    await somebody.page.waitForFunction(() => !document.querySelector('form[data-passkey]'));
    await somebody.looks();
    const comesIn = async () => {
      await somebody.opens(`${ISSUER}/login/password`);
      await somebody.page.locator('form[action^="/login/passkey"] button').click();
    };
    await comesIn();
    await somebody.isAt(`${ISSUER}/account`);
    await somebody.sees(`Emergency account ${safe}`, 'Riverside Clinic');
    await somebody.presses(somebody.page.locator('form[action="/account/sign-out"] button'));
    await comesIn();
    await somebody.page.getByRole('alert').first().waitFor();
    assert.ok(!somebody.page.url().endsWith('/account'), 'it is spent');
    lanyard('emergency', 'remove', safe, '--organization', 'riverside');
  });
}

await closed();
