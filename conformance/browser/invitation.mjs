// Somebody is invited by mail and joins or does not; somebody without a mailbox gets a password that must be changed.

import assert from 'node:assert/strict';
import { APP, ISSUER, lanyard, mailedLink } from '../demo.mjs';
import { closed, DARK, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const NOOR = 'noor@harbour.example';
const CHOSEN = 'seven quiet herons at the quay';

for (const device of [DESKTOP, PHONE, DARK, DARK_PHONE, WITHOUT_SCRIPTS, SPANISH]) {
  await visit('somebody new accepts an invitation, and works', device, async (nia) => {
    const address = `nia.${device.name}@riverside.example`;
    const link = await invited(address, '--kind', 'practitioner', '--role', 'practitioner@main-street');
    await nia.opens(link);
    await nia.sees('Riverside Clinic', 'Main Street');
    await nia.fills({ name: 'Nia Brook', new_password: CHOSEN, repeated_password: 'something else again' });
    await nia.isRefused('repeated_password');
    await nia.fills({ name: 'Nia Brook', new_password: CHOSEN, repeated_password: CHOSEN });
    await nia.isAt(`${ISSUER}/account`);
    await nia.sees('Nia Brook', 'Riverside Clinic', 'Main Street');
    await nia.opens(`${APP}/login`);
    await nia.worksAs({ organization: 'Riverside Clinic', assignments: 'practitioner at main-street' });
    await closedLink(nia, link);
  });
}

for (const device of [DESKTOP, WITHOUT_SCRIPTS]) {
  await visit('somebody new rejects an invitation', device, async (nils) => {
    const link = await invited(`nils.${device.name}@riverside.example`, '--kind', 'practitioner');
    await nils.opens(link);
    await nils.presses(nils.page.locator('button[name=answer][value=reject]'));
    await closedLink(nils, link);
  });
}

await visit('an invitation that was sent again has a new link, and one that was taken back has none', DESKTOP, async (nina) => {
  const address = 'nina@riverside.example';
  const first = await invited(address, '--kind', 'practitioner');
  lanyard('invitation', 'resend', address, '--organization', 'riverside');
  const second = await mailedLink(address, '/invitation/');
  await closedLink(nina, first);
  await nina.opens(second);
  lanyard('invitation', 'revoke', address, '--organization', 'riverside');
  await closedLink(nina, second);
});

await visit('the owner of a practice declines another, from her account', PHONE, async (noor) => {
  await invited(NOOR, '--kind', 'practitioner');
  await noor.opensTheAccountAs(NOOR);
  await noor.opens(`${ISSUER}/account/invitations`);
  await noor.sees('Riverside Clinic');
  await noor.presses(noor.page.locator('button[name=answer][value=reject]'));
  await noor.opens(`${ISSUER}/account`);
  await noor.doesNotSee('Riverside Clinic');
});

await visit('the owner of a practice joins another with the account that she has, and makes it her default', DESKTOP, async (noor) => {
  const link = await invited(NOOR, '--kind', 'practitioner', '--role', 'supervisor@harbour-quay');
  await noor.opens(link);
  await noor.pressesWhatSays('Sign in to answer');
  await noor.givesPassword(NOOR);
  await noor.presses(noor.page.locator('button[name=answer][value=accept]'));
  await noor.isAt(`${ISSUER}/account`);
  await noor.sees('Riverside Clinic', 'Harbour Physio');
  await noor.presses(noor.page.locator('button[name=organization][value=riverside]'));
  await noor.opens(`${APP}/login`);
  await noor.worksAs({ organization: 'Riverside Clinic', assignments: 'supervisor at harbour-quay' });
  await noor.switchesTo('harbour');
  await noor.worksAs({ organization: 'Harbour Physio', roles: 'owner' });
});

await visit('an invitation is for the person of its address', DESKTOP, async (sam) => {
  const link = await invited('nora@riverside.example', '--kind', 'practitioner');
  await sam.opensTheAccountAs('sam@riverside.example');
  const answer = await sam.page.goto(link);
  await sam.looks();
  assert.equal(answer.status(), 403);
});

for (const device of [DESKTOP, DARK_PHONE, WITHOUT_SCRIPTS]) {
  await visit('somebody without a mailbox has to change the password that was given', device, async (ada) => {
    const name = `ada.${device.name}`;
    const create = ['user', 'create', '--name', 'Ada Lind', '--user-name', name, '--one-time-password',
      '--organization', 'riverside', '--kind', 'administrative', '--role', 'front_desk'];
    const { one_time_password: password } = JSON.parse(lanyard('--json', ...create));
    await ada.startsToSignIn();
    await ada.givesPassword(name, password);
    await ada.isAt(`${ISSUER}/login/change-password`);
    await ada.opensTheApp();
    await ada.isNotSignedIn();
    await ada.presses(ada.page.locator('a[href="/login"]'));
    await ada.isAt(`${ISSUER}/login/change-password`);
    await ada.fills({ new_password: 'short', repeated_password: 'short' });
    await ada.isRefused('new_password');
    await ada.fills({ new_password: CHOSEN, repeated_password: CHOSEN });
    await ada.worksAs({ organization: 'Riverside Clinic', roles: 'front_desk' });
  });
}

await visit('whoever is disabled is out at once', DESKTOP, async (ada) => {
  await ada.opensTheAccountAs('ada.desktop', CHOSEN);
  lanyard('user', 'disable', 'ada.desktop');
  await ada.opens(`${ISSUER}/account`);
  await ada.isAt(`${ISSUER}/login/`);
  await ada.givesPassword('ada.desktop', CHOSEN);
  await ada.isRefused();
});

await closed();

/** Invites `address` to Riverside Clinic; the link that was mailed. */
function invited(address, ...offer) {
  lanyard('invitation', 'send', address, '--organization', 'riverside', ...offer);
  return mailedLink(address, '/invitation/');
}

async function closedLink(visitor, link) {
  assert.equal((await visitor.page.goto(link)).status(), 410);
  await visitor.looks();
}
