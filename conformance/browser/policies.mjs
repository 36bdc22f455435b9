// Rules of an organization, as people meet them: each is set by the command line beside the running demo, holds a second
// later, and is taken back.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { APP, CALENDAR, ISSUER, lanyard, mailTo, PASSWORD, REPORTING } from '../demo.mjs';
import { closed, DARK_PHONE, DESKTOP, PHONE, SPANISH, visit } from './visitor.mjs';

const FRANK = 'frank@riverside.example';
const BILL = 'bill@riverside.example';
const NOOR = 'noor@harbour.example';
const AT_RIVERSIDE = ['--organization', 'riverside'];
const FRONT_DESK = ['--role', 'front_desk', ...AT_RIVERSIDE];
const BILLING = ['--role', 'billing', ...AT_RIVERSIDE];

/** The demo looks for what another process changed once a second. */
const isKnown = () => sleep(1500);

/** Goes through `story` while these rules hold, `[setting, value, for whom…]` each. */
async function under(rules, story) {
  for (const rule of rules) lanyard('policy', 'set', ...rule);
  try {
    await isKnown();
    await story();
  } finally {
    for (const [setting, , ...whom] of rules) lanyard('policy', 'unset', setting, ...whom.filter((word) => word !== '--force'));
    await isKnown();
  }
}

/** From an address of a country of the demo's file, as the proxy in front of it says. */
const from = (address) => ({ extraHTTPHeaders: { 'X-Forwarded-For': address } });
const DENMARK = from('203.0.113.7');
const SWEDEN = from('198.51.100.7');

async function isStopped(visitor, says) {
  await visitor.sees('Clinic Calendar', 'Riverside Clinic');
  if (visitor.device.locale !== 'es-ES') await visitor.sees(says);
}

const isInTheApp = (visitor) => visitor.worksAs({ organization: 'Riverside Clinic' });

for (const device of [DESKTOP, DARK_PHONE, SPANISH]) {
  await visit('networks and hours stop whom they are for, who is told why and whom to ask', device, async (frank) => {
    await under([['network.allowed', '192.0.2.0/24', ...FRONT_DESK]], async () => {
      await frank.signsInAs(FRANK);
      await isStopped(frank, 'from here');
    });
    const always = 'mon-sun 00:00-24:00 in UTC until 2026-01-01';
    await under([['schedule.windows', always, ...FRONT_DESK]], async () => {
      await frank.startsToSignIn();
      await isStopped(frank, 'at this time');
    });
    await frank.startsToSignIn();
    await isInTheApp(frank);
  });
}

await visit('whoever comes from another country is stopped, or let in and written down', DESKTOP, async (visitor) => {
  const frank = await visitor.anotherDevice(SWEDEN);
  await under([['network.countries', 'DK', ...FRONT_DESK]], async () => {
    await frank.signsInAs(FRANK);
    await isStopped(frank, 'from here');
    const home = await visitor.anotherDevice(DENMARK);
    await home.signsInAs(FRANK);
    await isInTheApp(home);
    await under([['network.otherwise', 'alert', ...FRONT_DESK]], async () => {
      await frank.startsToSignIn();
      await isInTheApp(frank);
    });
  });
  const alerts = JSON.parse(lanyard('--json', 'audit', 'list', '--action', 'policy-alert', ...AT_RIVERSIDE));
  assert.equal(alerts[0].detail.country, 'SE', JSON.stringify(alerts[0]));
});

await visit('nobody is here and there at once: the owners hear of it', DESKTOP, async (visitor) => {
  for (const place of [DENMARK, SWEDEN]) await (await visitor.anotherDevice(place)).opensTheAccountAs(NOOR);
  const told = JSON.parse(lanyard('--json', 'audit', 'list', '--action', 'signal'));
  const kinds = told.map((event) => event.detail.signal);
  assert.ok(kinds.includes('impossible-travel'), kinds.join(' '));
  await mailTo(NOOR, 'DK, SE');
});

for (const device of [DESKTOP, PHONE]) {
  await visit('a new password obeys the rules', device, async (frank) => {
    const rules = [['password.composition', '4', ...FRONT_DESK], ['password.min_length', '24', ...FRONT_DESK]];
    await under(rules, async () => {
      await frank.opensTheAccountAs(FRANK);
      for (const wrong of ['Gravel-2-lantern-ought', 'gravel lantern ought seven tide']) {
        await frank.opens(`${ISSUER}/account/password`);
        await frank.fills({ current_password: PASSWORD, new_password: wrong, repeated_password: wrong });
        await frank.isRefused('new_password');
      }
    });
  });
}

await visit('somebody is signed in on as many devices as the rules say', DESKTOP, async (bill) => {
  const many = [['session.concurrent', '1', ...BILLING]];
  await under(many, async () => {
    await bill.opensTheAccountAs(BILL);
    const next = await bill.anotherDevice();
    await next.opensTheAccountAs(BILL);
    await bill.opens(`${ISSUER}/account`);
    await bill.isAt(`${ISSUER}/login/password`);
    await under([['session.when_full', 'refuse', ...BILLING]], async () => {
      await bill.givesPassword(BILL);
      await bill.sees('signed in');
      assert.ok(!bill.page.url().endsWith('/account'), bill.page.url());
      await next.opens(`${ISSUER}/account`);
      await next.isAt(`${ISSUER}/account`);
    });
  });
});

await visit('guessing locks strangers out, never the browser that knows its person', DESKTOP, async (bill) => {
  await under([['lockout.after', '3', ...BILLING]], async () => {
    await bill.opensTheAccountAs(BILL);
    await bill.opens(`${ISSUER}/account/sign-out`);
    await bill.presses(bill.page.locator('form[action="/account/sign-out"] button'));
    const stranger = await bill.anotherDevice();
    await stranger.opens(`${ISSUER}/account`);
    for (const guess of ['one guess of three', 'two guesses of three', 'three guesses of three', PASSWORD]) {
      await stranger.givesPassword(BILL, guess);
      await stranger.isRefused();
    }
    assert.ok(JSON.parse(lanyard('--json', 'user', 'show', BILL)).locked_at, 'locked');
    await bill.opensTheAccountAs(BILL);
    lanyard('user', 'unlock', BILL);
    await sleep(2000); // the guesses made the next try wait
    await stranger.opensTheAccountAs(BILL);
  });
});

await visit('a stolen cookie counts in no other kind of browser', DESKTOP, async (bill) => {
  await under([['session.binding', 'device', ...BILLING]], async () => {
    await bill.opensTheAccountAs(BILL);
    const stolen = await bill.page.context().cookies();
    for (const [userAgent, opens] of [
      ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '/login/password'],
      [await bill.page.evaluate(() => navigator.userAgent), '/account'],
    ]) {
      const other = await bill.anotherDevice({ userAgent });
      await other.page.context().addCookies(stolen);
      await other.opens(`${ISSUER}/account`);
      assert.equal(new URL(other.page.url()).pathname, opens, userAgent);
    }
  });
});

await visit('a browser in which somebody is new opens no app without a second factor', DESKTOP, async (bill) => {
  await bill.opensTheAccountAs(BILL);
  await under([['session.new_device', 'second-factor', ...BILLING]], async () => {
    const other = await bill.anotherDevice();
    await other.signsInAs(BILL);
    await isStopped(other, 'with this sign-in');
    await other.opens(`${ISSUER}/account`); // the account is nobody's but the person's
    await other.isAt(`${ISSUER}/account`);
  });
});

await visit('tokens live as the rules say', DESKTOP, async () => {
  const life = async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const authorization = `Basic ${btoa(`${REPORTING.id}:${REPORTING.secret}`)}`;
    const answer = await fetch(`${ISSUER}/oauth2/token`, { method: 'POST', headers: { authorization }, body });
    return (await answer.json()).expires_in;
  };
  assert.equal(await life(), 300);
  await under([['token.lifetime', '1m', '--client', REPORTING.id, ...AT_RIVERSIDE]], async () => assert.equal(await life(), 60));
});

await visit('a change is tried, kept or taken back; a rule that stops every owner is refused', DESKTOP, async (frank) => {
  const said = (...command) => {
    try {
      return lanyard(...command);
    } catch (refused) {
      return refused.stderr.toString();
    }
  };
  assert.match(said('policy', 'set', 'schedule.windows', 'mon 08:00-09:00 in UTC until 2026-01-01', ...AT_RIVERSIDE), /every owner/);
  lanyard('policy', 'set', 'network.allowed', '192.0.2.0/24', '--try', ...FRONT_DESK);
  try {
    await isKnown();
    await frank.signsInAs(FRANK);
    await isStopped(frank, 'from here');
    assert.match(lanyard('policy', 'list', ...AT_RIVERSIDE), /network\.allowed/);
    lanyard('policy', 'keep', ...AT_RIVERSIDE);
    assert.match(said('policy', 'keep', ...AT_RIVERSIDE), /no change is being tried/);
  } finally {
    lanyard('policy', 'unset', 'network.allowed', ...FRONT_DESK);
  }
  const explained = lanyard('policy', 'explain', '--user', FRANK, '--client', CALENDAR.id, '--from-ip', '192.0.2.7', ...AT_RIVERSIDE);
  assert.match(explained, /Would be let in/);
  const stopped = JSON.parse(lanyard('--json', 'policy', 'simulate', '--set', 'network.allowed=192.0.2.0/24', '--days', '1', ...FRONT_DESK));
  assert.ok(stopped.stops.some((stop) => stop.person === 'Frank Holm'), JSON.stringify(stopped));
});

await visit('one member is asked for a second step and told by mail, and nobody else is', PHONE, async (frank) => {
  const asks = (...how) => lanyard('user', 'require-factor', FRANK, ...how, ...AT_RIVERSIDE);
  const isAsked = () => frank.page.waitForURL(/\/account\/enrolment/);
  asks('--grace', '14d');
  try {
    await isKnown();
    await frank.opens(`${ISSUER}/account`);
    await frank.givesPassword(FRANK);
    await isAsked();
    await frank.pressesWhatSays('Later');
    await frank.isAt(`${ISSUER}/account`);
    await mailTo(FRANK, 'A second step when you sign in');
    asks('--kind', 'passkey');
    await isKnown();
    await frank.opens(`${ISSUER}/account`);
    await isAsked();
    await frank.sees('a passkey or a security key');
    await (await frank.anotherDevice()).opensTheAccountAs(BILL);
  } finally {
    asks('--not');
  }
  await isKnown();
  await frank.opens(`${ISSUER}/account`);
  await frank.isAt(`${ISSUER}/account`);
  await mailTo(FRANK, 'no longer asked for a second step');
});

await visit('an account ends on its day, and a later one lets its person in again', PHONE, async (bill) => {
  const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
  await bill.opensTheAccountAs(BILL);
  lanyard('user', 'validity', BILL, '--until', at(3));
  try {
    await sleep(4500);
    await bill.opens(`${ISSUER}/account`);
    await bill.isAt(`${ISSUER}/login/password`);
    await bill.givesPassword(BILL);
    await bill.isRefused();
  } finally {
    lanyard('user', 'validity', BILL, '--always');
  }
  await isKnown();
  await bill.opensTheAccountAs(BILL);
});

await closed();
