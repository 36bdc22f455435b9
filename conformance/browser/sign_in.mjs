// Staff sign in to the demo clinic app with a browser: in, out, from one practice to the other, and not at all.

import assert from 'node:assert/strict';
import { APP, ISSUER, PASSWORD } from '../demo.mjs';
import { closed, DANISH, DARK, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit, WITHOUT_SCRIPTS } from './visitor.mjs';

const OLIVIA = 'olivia@riverside.example';
const PRIYA = 'priya@riverside.example';
const SAM = 'sam@riverside.example';
const TESS = 'tess@harbour.example';

for (const device of [DESKTOP, PHONE, DARK, DARK_PHONE, WITHOUT_SCRIPTS]) {
  await visit('the owner of one practice, who also works in another, chooses and switches', device, async (olivia) => {
    await olivia.signsInAs(OLIVIA);
    await olivia.sees('Riverside Clinic', 'Harbour Physio');
    await olivia.choosesOrganization('riverside');
    await olivia.worksAs({ organization: 'Riverside Clinic', roles: 'owner', assignments: 'owner everywhere' });

    await olivia.switchesTo('harbour');
    await olivia.worksAs({ organization: 'Harbour Physio', roles: 'practitioner', locations: 'pier' });
  });
}

await visit('a practitioner of one practice comes straight in, with her role at each location', DESKTOP, async (priya) => {
  await priya.signsInAs(PRIYA);
  await priya.worksAs({
    organization: 'Riverside Clinic',
    roles: 'practitioner, supervisor',
    assignments: 'practitioner at main-street; supervisor at harbour-quay',
    locations: 'harbour-quay, main-street',
    groups: 'gps',
  });

  await priya.switchesTo('harbour');
  await priya.sees('not a member');
  await priya.worksAs({ organization: 'Riverside Clinic' });
});

await visit('a member without a role comes in without one', DESKTOP, async (sam) => {
  await sam.signsInAs(SAM);
  await sam.worksAs({ organization: 'Riverside Clinic', roles: 'none', assignments: 'nowhere', locations: 'none' });
});

await visit('whoever is disabled, unknown or mistaken gets the same answer', DESKTOP, async (somebody) => {
  const answers = [];
  await somebody.startsToSignIn();
  for (const [person, password] of [[TESS], [PRIYA, 'wrong'], ['nobody@riverside.example', 'wrong']]) {
    const answer = somebody.page.waitForResponse((response) => response.request().method() === 'POST');
    await somebody.givesPassword(person, password);
    const page = await (await answer).text();
    // But for what is another one in each answer: the token of the form, and what a passkey is asked.
    answers.push(`${(await answer).status()} ${page.replace(/(name="(csrf|state)" value="|data-options=")[^"]*/g, '$1')}`);
  }
  assert.equal(answers[1], answers[0]);
  assert.equal(answers[2], answers[0]);
});

await visit('a wrong password and then the right one', DESKTOP, async (priya) => {
  await priya.startsToSignIn();
  await priya.givesPassword(PRIYA, 'not hers');
  assert.equal(await priya.page.getByRole('alert').count(), 1);
  await priya.givesPassword(PRIYA);
  await priya.worksAs({ organization: 'Riverside Clinic' });
});

await visit('with the keyboard alone', DESKTOP, async (olivia) => {
  const { page } = olivia;
  await olivia.opensTheApp();
  await olivia.tabsTo(page.locator('a[href="/login"]'));
  await olivia.isAt(`${ISSUER}/login/`);
  // The field has the focus by itself, as soon as the page is drawn.
  await page.waitForFunction(() => document.activeElement?.matches('input[name=user_name]'));
  await page.keyboard.type(OLIVIA);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await olivia.isAt(`${ISSUER}/oauth2/authorize`);
  await olivia.tabsTo(page.locator('button[name=organization][value=harbour]'), 'Space');
  await olivia.worksAs({ organization: 'Harbour Physio' });
  await olivia.tabsTo(page.locator('a[href="/switch?organization=riverside"]'));
  await page.locator('#organization', { hasText: 'Riverside Clinic' }).waitFor();
  await olivia.worksAs({ organization: 'Riverside Clinic' });
  await olivia.tabsTo(page.locator('a[href="/logout"]'));
  await page.locator('a[href="/login"]').waitFor();
  await olivia.isNotSignedIn();
});

await visit('who signed in is not asked again, until signing out', DESKTOP, async (priya) => {
  await priya.signsInAs(PRIYA);
  await priya.opens(`${APP}/login`);
  await priya.worksAs({ organization: 'Riverside Clinic' });

  await priya.signsOut();
  await priya.isNotSignedIn();
  await priya.startsToSignIn();
  await priya.isAt(`${ISSUER}/login/`);
});

for (const [device, title] of [[DANISH, 'Log ind'], [SPANISH, 'Iniciar sesión']]) {
  await visit(`the sign-in page says "${title}"`, device, async (visitor) => {
    await visitor.startsToSignIn();
    await visitor.sees(title);
    await visitor.givesPassword(PRIYA);
    await visitor.worksAs({ organization: 'Riverside Clinic' });
  });
}

await closed();
