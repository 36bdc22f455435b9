// Decisions without a redirect: the code that a device shows, and what a back end asks in the account.

import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { ISSUER, lanyard, mailedLink, newClient } from '../demo.mjs';
import { app } from '../node/relying_party.mjs';
import { closed, DANISH, DARK, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const EVERY_DEVICE = [DESKTOP, PHONE, DARK, DARK_PHONE, WITHOUT_SCRIPTS, DANISH, SPANISH];
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const CIBA = 'urn:openid:params:grant-type:ciba';
const PRIYA = 'priya@riverside.example';
const OLIVIA = 'olivia@riverside.example';
const SAM = 'sam@riverside.example';

const kiosk = await app({ id: 'front-desk-kiosk' }, client.None());
const made = newClient('label-printer', 'Label Printer', 'https://printer.example/none', '--auth=basic', '--grant=ciba');
const printer = await app(made, client.ClientSecretBasic(made.secret));
const dosing = newClient('dosing-room', 'Dosing Room', 'https://dosing.example/none', '--auth=basic', '--grant=device-code');
lanyard('client', 'activate', dosing.id, '--organization', 'riverside', '--require-role', 'supervisor');
const room = await app(dosing, client.ClientSecretBasic(dosing.secret));

const asked = (scope = 'openid roles offline_access') => client.initiateDeviceAuthorization(kiosk, { scope });
const fetched = (begun) => client.genericGrantRequest(kiosk, DEVICE_CODE, { device_code: begun.device_code });
const decision = (person, value) => person.page.locator(`button[name=decision][value=${value}]`);

for (const device of EVERY_DEVICE) {
  await visit('a device is connected by the code that it shows, typed as people type', device, async (priya) => {
    const begun = await asked();
    await priya.opens(`${ISSUER}/device`);
    await priya.givesPassword(PRIYA);
    await priya.fills({ user_code: 'BCDF' });
    await priya.isRefused('user_code');
    await priya.fills({ user_code: ` ${begun.user_code.replace('-', ' ').toLowerCase()} ` });
    await priya.sees(begun.user_code, 'Front desk kiosk', 'Riverside Clinic');
    await priya.presses(decision(priya, 'allow'));
    await priya.isAt(`${ISSUER}/device?done=allowed`);
    assert.deepEqual((await fetched(begun)).claims().roles, ['practitioner', 'supervisor']);
    if (device !== DESKTOP) return; // wrong codes are limited
    await priya.opens(begun.verification_uri_complete);
    await priya.isRefused('user_code');
  });

  await visit('a device is not connected by whoever does not want it, or may not', device, async (sam) => {
    const begun = await asked('openid');
    await sam.opens(begun.verification_uri_complete);
    await sam.givesPassword(SAM);
    await sam.presses(decision(sam, 'deny'));
    await sam.isAt(`${ISSUER}/device?done=refused`);
    await assert.rejects(fetched(begun), { error: 'access_denied' });
    const closed = await client.initiateDeviceAuthorization(room, { scope: 'openid' });
    await sam.opens(closed.verification_uri_complete);
    await sam.sees('Dosing Room', 'supervisor');
    assert.equal(await decision(sam, 'allow').count(), 0);
  });

  await visit('whoever works in two practices says in which one the device is', device, async (olivia) => {
    const begun = await asked('openid organization');
    await olivia.opens(begun.verification_uri_complete);
    await olivia.givesPassword(OLIVIA);
    await olivia.choosesOrganization('harbour');
    await olivia.sees('Harbour Physio', begun.user_code);
    await olivia.presses(decision(olivia, 'allow'));
    assert.equal((await fetched(begun)).claims().org_name, 'Harbour Physio');
  });

  await visit('a person decides in the account about what a back end asks', device, async (priya) => {
    const ask = (message) => client.initiateBackchannelAuthentication(printer, {
      scope: 'openid profile roles', login_hint: PRIYA, binding_message: message, requested_expiry: '120',
    });
    const answer = (begun) => client.genericGrantRequest(printer, CIBA, { auth_req_id: begun.auth_req_id });
    const first = await ask('Label 4711, two copies');
    const second = await ask(`A very long message: ${'Wundversorgungsprotokoll'.repeat(3)}`);
    await priya.opensTheAccountAs(PRIYA);
    await priya.presses(priya.page.locator('a[href="/account/requests"]'));
    await priya.sees('Label Printer', 'Riverside Clinic', 'Label 4711, two copies', 'Wundversorgungsprotokoll');
    const of = (text) => priya.page.locator('li', { hasText: text });
    await priya.presses(of('4711').locator('button[value=allow]'));
    await priya.isAt(`${ISSUER}/account/requests?done=allowed`);
    assert.equal((await answer(first)).claims().name, 'Priya Nair');
    await priya.presses(of('protokoll').locator('button[value=deny]'));
    await priya.isAt(`${ISSUER}/account/requests?done=refused`);
    await assert.rejects(answer(second), { error: 'access_denied' });
    await priya.opens(`${ISSUER}/account/requests`);
    assert.equal(await priya.page.locator('li.card').count(), 0);
  });
}

for (const device of [DESKTOP, WITHOUT_SCRIPTS]) {
  await visit('a device and a request are decided with the keyboard alone', device, async (olivia) => {
    const begun = await asked('openid');
    const { keyboard } = olivia.page;
    await olivia.opens(`${ISSUER}/device`);
    await olivia.givesPassword(OLIVIA);
    await keyboard.type(begun.user_code); // the field has the focus
    await keyboard.press('Enter');
    await olivia.tabsTo(olivia.page.locator('button[name=organization][value=riverside]'));
    await olivia.tabsTo(decision(olivia, 'allow'), 'Space');
    await olivia.isAt(`${ISSUER}/device?done=allowed`);
    assert.ok((await fetched(begun)).id_token);

    const asks = { scope: 'openid', login_hint: OLIVIA, organization: 'riverside', binding_message: 'Keys' };
    await client.initiateBackchannelAuthentication(printer, asks);
    await olivia.opens(`${ISSUER}/account/requests`);
    await olivia.tabsTo(decision(olivia, 'deny'));
    await olivia.isAt(`${ISSUER}/account/requests?done=refused`);
  });
}

await visit('the mail that a request waits leads to it, and says nothing of it', PHONE, async (max) => {
  const person = 'max@riverside.example';
  await client.initiateBackchannelAuthentication(printer, { scope: 'openid', login_hint: person, binding_message: 'Label 12' });
  await max.opens(await mailedLink(person, '/account/requests'));
  await max.givesPassword(person);
  await max.sees('Label Printer', 'Label 12');
});

await closed();
