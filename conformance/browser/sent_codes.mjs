// Codes that are sent to a person, as a second factor: set up, asked for, refused too soon, typed.

import assert from 'node:assert/strict';
import { ISSUER, mailedCode, textedCode } from '../demo.mjs';
import { closed, DARK_PHONE, DESKTOP, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const SECURITY = `${ISSUER}/account/security`;
const SEND = 'form:has(input[name=send]) button';

/** At the second step: the recovery code `code` stands in for it. */
async function comesInBy(visitor, code) {
  await visitor.presses(visitor.page.locator('a[href*="recovery=1"]'));
  await visitor.fills({ code });
  await visitor.isAt(`${ISSUER}/account`);
}

/** When the last code may have been sent to whom: there is half a minute between two, however they are sent. */
const sent = new Map();

async function untilTheNextCode(person) {
  const early = (sent.get(person) ?? 0) + 31_000 - Date.now();
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
}

// One person each: of codes there are five an hour.
const CASES = [[DESKTOP, 'frank'], [DARK_PHONE, 'bill'], [WITHOUT_SCRIPTS, 'sam'], [SPANISH, 'max']];
for (const [device, name] of CASES) {
  const person = `${name}@riverside.example`;
  await visit('codes by mail are set up, asked for once in half a minute, and removed', device, async (visitor) => {
    await visitor.opensTheAccountAs(person);
    await visitor.opens(SECURITY);
    await visitor.presses(visitor.page.locator('a[href="/account/security/email"]'));
    await visitor.sees(person);
    await visitor.presses(visitor.page.locator(SEND));
    await visitor.fills({ code: '000000' });
    await visitor.isRefused('code');
    await visitor.fills({ code: await mailedCode(person) });
    const [first] = await visitor.page.locator('.secrets code').allInnerTexts();
    await visitor.opens(SECURITY);
    await visitor.sees(person, '10');

    const other = await visitor.anotherDevice();
    await other.opens(`${ISSUER}/account`);
    await other.givesPassword(person);
    await other.isAt(`${ISSUER}/login/factor`);
    await other.sees(`${name[0]}•••@riverside.example`);
    await other.presses(other.page.locator(SEND));
    await other.isRefused();
    if (device === DESKTOP) {
      await other.page.waitForTimeout(31_000);
      await other.presses(other.page.locator(SEND));
      await other.fills({ code: await mailedCode(person) });
      await other.isAt(`${ISSUER}/account`);
    } else {
      await comesInBy(other, first);
    }
    await visitor.opens(SECURITY);
    await visitor.presses(visitor.page.locator('a[href$="/remove"]'));
    await visitor.presses(visitor.page.locator('form[action$="/remove"] button'));
    assert.equal(await visitor.page.locator('a[href$="/remove"]').count(), 0);
    await visitor.opens(`${ISSUER}/account/sessions`);
    await visitor.presses(visitor.page.locator('form[action="/account/sessions/end-all"] button'));
    sent.set(person, Date.now());
  });
}

const PHONES = [
  [DESKTOP, 'olivia@riverside.example', '+4511223341'],
  [DARK_PHONE, 'priya@riverside.example', '+4511223342'],
  [WITHOUT_SCRIPTS, 'noor@harbour.example', '+4511223343'],
  [SPANISH, 'frank@riverside.example', '+4511223344'],
];
for (const [device, person, number] of PHONES) {
  await untilTheNextCode(person);
  await visit('codes by text message are set up with a number that is one', device, async (visitor) => {
    await visitor.opensTheAccountAs(person);
    await visitor.opens(SECURITY);
    await visitor.presses(visitor.page.locator('a[href="/account/security/phone"]'));
    await visitor.fills({ number: '11 22 33 44' });
    await visitor.isRefused('number');
    await visitor.fills({ number });
    await visitor.sees(number);
    await visitor.fills({ code: '000000' });
    await visitor.isRefused('code');
    await visitor.fills({ code: await textedCode(number) });
    const [first] = await visitor.page.locator('.secrets code').allInnerTexts();
    await visitor.opens(SECURITY);
    await visitor.sees(`•••• ${number.slice(-2)}`);
    await visitor.doesNotSee(number);
    const other = await visitor.anotherDevice();
    await other.opens(`${ISSUER}/account`);
    await other.givesPassword(person);
    await other.sees(`•••• ${number.slice(-2)}`);
    await comesInBy(other, first);
    await visitor.opens(SECURITY);
    await visitor.presses(visitor.page.locator('a[href$="/remove"]'));
    await visitor.presses(visitor.page.locator('form[action$="/remove"] button'));
    await visitor.opens(`${ISSUER}/account/sessions`);
    await visitor.presses(visitor.page.locator('form[action="/account/sessions/end-all"] button'));
  });
}

await closed();
