// People look after their own account: what they see of themselves, their password, their devices.

import assert from 'node:assert/strict';
import { APP, ISSUER, mailedLink, PASSWORD } from '../demo.mjs';
import { closed, DANISH, DARK, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const BILL = 'bill@riverside.example';
const FRANK = 'frank@riverside.example';
const MAX = 'max@riverside.example';
const FRANKS_OWN = 'a kettle of seven otters';
const OLIVIA = 'olivia@riverside.example';

for (const device of [DESKTOP, PHONE, DARK, DARK_PHONE, WITHOUT_SCRIPTS, DANISH, SPANISH]) {
  await visit('the owner of one practice sees her level in each, and every page of her account', device, async (olivia) => {
    await olivia.opensTheAccountAs(OLIVIA);
    await olivia.sees('Olivia Berg', 'Riverside Clinic', 'Harbour Physio', 'Pier');
    for (const page of ['name', 'email', 'password', 'language', 'security', 'security/passkeys', 'recoveries', 'sessions', 'apps', 'invitations', 'sign-out']) {
      const answer = await olivia.page.goto(`${ISSUER}/account/${page}`);
      assert.equal(answer.status(), 200, page);
      await olivia.looks();
    }
    await olivia.submits('input[name=csrf]');
    await olivia.opens(`${ISSUER}/account`);
    await olivia.isAt(`${ISSUER}/login/`);
  });
}

for (const device of [DESKTOP, DARK_PHONE, WITHOUT_SCRIPTS, SPANISH]) {
  await visit('a page that is not there, and an app that nobody knows', device, async (somebody) => {
    for (const [address, status] of [['/nowhere', 404], ['/oauth2/authorize?client_id=nobody', 400], ['/password/none', 410]]) {
      const answer = await somebody.page.goto(ISSUER + address);
      assert.equal(answer.status(), status, address);
      await somebody.sees(answer.headers()['x-request-id']);
      await somebody.looks();
    }
  });
}

await visit('a changed name shows in the app, a changed language in the pages', DESKTOP, async (max) => {
  await max.opensTheAccountAs(MAX);
  await max.opens(`${ISSUER}/account/name`);
  await max.fills({ name: 'Maximilian Lindqvist' });
  await max.sees('Maximilian Lindqvist');
  await max.opens(`${ISSUER}/account/language`);
  await max.presses(max.page.locator('button[name=language][value=da]'));
  assert.equal(await max.page.locator('html').getAttribute('lang'), 'da');
  await max.opens(`${APP}/login`);
  await max.sees('Maximilian Lindqvist');
});

await visit('a name that another system keeps is changed there, and the page says where', DESKTOP, async (bill) => {
  const scim = async (method, path, body) => {
    const headers = { authorization: 'Bearer scim-demo-token', 'content-type': 'application/scim+json' };
    const answer = await fetch(`${ISSUER}/scim/v2${path}`, { method, headers, body: body && JSON.stringify(body) });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const found = await scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${BILL}"`)}`);
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  const Operations = [{ op: 'replace', path: 'displayName', value: 'Bill Ashworth-Lee' }];
  await scim('PATCH', `/Users/${found.Resources[0].id}`, { schemas, Operations });
  await bill.opensTheAccountAs(BILL);
  await bill.sees('Bill Ashworth-Lee', 'Kept by demo, which your clinic connects. Have it changed there.');
  assert.equal(await bill.page.locator('a[href="/account/name"]').count(), 0);
  await bill.looks();
  await bill.opens(`${ISSUER}/account/name`);
  await bill.isAt(`${ISSUER}/account`);
});

await visit('a password is changed by who knows it, and every other device is signed out', PHONE, async (frank) => {
  const other = await frank.anotherDevice();
  await other.opensTheAccountAs(FRANK);

  await frank.opensTheAccountAs(FRANK);
  await frank.opens(`${ISSUER}/account/password`);
  await frank.fills({ current_password: 'not it at all', new_password: FRANKS_OWN, repeated_password: FRANKS_OWN });
  await frank.isRefused('current_password');
  await frank.fills({ current_password: PASSWORD, new_password: FRANKS_OWN, repeated_password: `${FRANKS_OWN}!` });
  await frank.isRefused('repeated_password');
  await frank.fills({ current_password: PASSWORD, new_password: 'short', repeated_password: 'short' });
  await frank.isRefused('new_password');
  await frank.fills({ current_password: PASSWORD, new_password: FRANKS_OWN, repeated_password: FRANKS_OWN });
  await frank.isAt(`${ISSUER}/account`);

  await other.opens(`${ISSUER}/account`);
  await other.isAt(`${ISSUER}/login/`);
  await other.givesPassword(FRANK);
  await other.isRefused();
  await other.givesPassword(FRANK, FRANKS_OWN);
  await other.isAt(`${ISSUER}/account`);
});

await visit('an address is changed by the link that was mailed to the new one, once', DARK, async (frank) => {
  const address = 'frank.holm@riverside.example';
  await frank.opensTheAccountAs(FRANK, FRANKS_OWN);
  await frank.opens(`${ISSUER}/account/email`);
  await frank.fills({ email: address, current_password: 'not it at all' });
  await frank.isRefused('current_password');
  await frank.fills({ email: address, current_password: FRANKS_OWN });
  const link = await mailedLink(address, '/email/');
  await frank.opens(link);
  await frank.presses(frank.page.locator('form[action^="/email/"] button'));
  await frank.opens(`${ISSUER}/account`);
  await frank.sees(address);
  assert.equal((await frank.page.goto(link)).status(), 410);
  const other = await frank.anotherDevice();
  await other.opensTheAccountAs(address, FRANKS_OWN);
});

await visit('a device is signed out from another', DESKTOP, async (bill) => {
  const other = await bill.anotherDevice();
  await other.signsInAs(BILL);
  await other.worksAs({ organization: 'Riverside Clinic' });
  await bill.opensTheAccountAs(BILL);
  await bill.opens(`${ISSUER}/account/sessions`);
  await bill.pressesWhatSays('Sign out everywhere else');
  assert.equal(await bill.page.locator('li.card.head').count(), 1);
  assert.match(await bill.page.locator('section.past').innerText(), /Clinic Calendar/, 'whom the end was told');
  await other.opens(`${ISSUER}/account`);
  await other.isAt(`${ISSUER}/login/`);
});

for (const device of [PHONE, DARK, WITHOUT_SCRIPTS]) {
  await visit('a forgotten password is replaced by a mailed link, once', device, async (bill) => {
    const chosen = `${device.name} and eight quiet herons`;
    await bill.startsToSignIn();
    await bill.presses(bill.page.locator('a[href^="/password/forgotten"]'));
    await bill.fills({ user_name: BILL });
    const said = await bill.text();
    const link = await mailedLink(BILL, '/password/');
    await bill.opens(`${ISSUER}/password/forgotten`);
    await bill.fills({ user_name: 'nobody@riverside.example' });
    assert.equal(await bill.text(), said, 'nobody learns whether there is an account');

    await bill.opens(link);
    await bill.fills({ new_password: 'aaaaaaaaaaaaaaaa', repeated_password: 'aaaaaaaaaaaaaaaa' });
    await bill.isRefused('new_password');
    await bill.fills({ new_password: chosen, repeated_password: chosen });
    await bill.isAt(`${ISSUER}/login/password`);
    await bill.givesPassword(BILL, chosen);
    await bill.isAt(`${ISSUER}/account`);
    await bill.opens(`${APP}/login`);
    await bill.worksAs({ organization: 'Riverside Clinic', roles: 'billing' });
    assert.equal((await bill.page.goto(link)).status(), 410);
  });
}

await closed();
